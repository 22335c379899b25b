'use strict'

// Locations and their groups, bins, tags, workers.

const assert = require('node:assert/strict')

module.exports = {
  'InventoryLocationApi.saveLocation': async (t) => {
    const api = t.api('InventoryLocationApi')
    const request = {
      tenantID: t.tenant,
      locationCode: t.name,
      locationName: 'North',
      active: true,
      directShip: true,
      pickup: false,
      express: true,
      transferEnabled: true,
      includeInAggregate: false,
      postalCode: '78701',
      countryCode: 'US',
      latitude: 30.27,
      longitude: -97.74,
      wmsEnabled: false
    }
    const [saved] = await api.saveLocation({ locationRequest: request })
    for (const [name, value] of Object.entries(request)) assert.deepEqual([name, saved[name]], [name, value])
    await api.saveLocation({ locationRequest: { ...request, locationName: 'South', pickup: true } })

    const [read] = await api.getLocations({ locationCode: t.name })
    assert.deepEqual([read.locationName, read.pickup, read.locationID], ['South', true, saved.locationID])
  },

  'InventoryLocationApi.getLocations': async (t) => {
    const api = t.api('InventoryLocationApi')
    const code = await t.location('with space/and ä')
    const found = await api.getLocations({ locationCode: code })

    assert.deepEqual(
      found.map((each) => [each.locationCode, each.active, each.directShip, each.tenantID]),
      [[code, true, true, t.tenant]]
    )
    await assert.rejects(api.getLocations({ locationCode: 'nowhere' }), (error) => {
      assert.deepEqual([error.response.status, error.apiError.errorCode], [404, 'LOCATION_NOT_FOUND'])
      return true
    })
  },

  'InventoryLocationApi.getLocations1': async (t) => {
    const codes = [await t.location('A'), await t.location('B')]
    const all = (await t.api('InventoryLocationApi').getLocations1()).map((each) => each.locationCode)

    assert.deepEqual(
      codes.filter((code) => all.includes(code)),
      codes
    )
    assert.ok(all.length > codes.length)
  },

  'InventoryLocationApi.getLocationGroups': async (t) => {
    const code = await t.location()
    await t.api('LocationGroupApi').addLocationGroup({
      locationLocationGroup: { locationGroupCode: t.name, name: 'Some', siteIds: [1], locationCodes: [code] }
    })
    const [group] = await t.api('InventoryLocationApi').getLocationGroups({ locationGroupCode: t.name })

    assert.deepEqual(
      [group.locationGroupCode, group.tenantID, group.sites, group.locationCodes],
      [t.name, t.tenant, [1], [code]]
    )
  },

  'InventoryLocationGroupApi.getLocationGroups': async (t) => {
    const code = await t.location()
    await t.api('LocationGroupApi').addLocationGroup({
      locationLocationGroup: { locationGroupCode: t.name, name: 'Some', siteIds: [1], locationCodes: [code] }
    })
    const groups = await t.api('InventoryLocationGroupApi').getLocationGroups()
    const [group] = groups.filter((each) => each.locationGroupCode === t.name)

    assert.deepEqual([group.sites, group.locationCodes, group.success], [[1], [code], true])
  },

  'InventoryBinApi.createBin': async (t) => {
    const api = t.api('InventoryBinApi')
    const locationCode = await t.location()
    const { binID } = await api.createBin({
      createBinRequest: { locationCode, name: 'A-01', binTypeID: 2, binStatusID: 1 }
    })
    const { bins } = await api.getBins({ locationID: await t.locationID(locationCode) })

    assert.deepEqual(
      bins.map((bin) => [bin.binID, bin.name, bin.binTypeID, bin.binStatusID]),
      [[binID, 'A-01', 2, 1]]
    )
    const twice = api.createBin({ createBinRequest: { locationCode, name: 'A-01' } })
    await assert.rejects(twice, (error) => error.response.status === 400)
  },

  'InventoryBinApi.getBins': async (t) => {
    const api = t.api('InventoryBinApi')
    const locationCode = await t.location()
    for (const name of ['A-01', 'A-02', 'B-01']) await api.createBin({ createBinRequest: { locationCode, name } })
    const locationID = await t.locationID(locationCode)
    const names = async (more) => {
      const { bins, resultCount } = await api.getBins({ locationID, ...more })
      return [bins.map((bin) => bin.name), resultCount]
    }

    assert.deepEqual(await names({}), [['A-01', 'A-02', 'B-01'], 3])
    assert.deepEqual(await names({ searchTerm: 'A-' }), [['A-01', 'A-02'], 2])
    assert.deepEqual((await names({ perPage: 2, page: 2 }))[0], ['B-01'])
  },

  'InventoryBinApi.getBinTypes': async (t) => {
    const types = await t.api('InventoryBinApi').getBinTypes()

    assert.ok(types.length > 0)
    for (const { binTypeID, description } of types)
      assert.deepEqual([typeof binTypeID, typeof description], ['number', 'string'])
  },

  'InventoryBinApi.getBinStatuses': async (t) => {
    const statuses = await t.api('InventoryBinApi').getBinStatuses()

    assert.ok(statuses.length > 0)
    for (const { binStatusID, description } of statuses) {
      assert.deepEqual([typeof binStatusID, typeof description], ['number', 'string'])
    }
  },

  'InventoryBinApi.updateBin': async (t) => {
    const api = t.api('InventoryBinApi')
    const locationCode = await t.location()
    const { binID } = await api.createBin({ createBinRequest: { locationCode, name: 'A-01' } })
    const updated = await api.updateBin({
      binId: binID,
      updateBinRequest: { binID, locationCode, binTypeID: 3, binStatusID: 2 }
    })
    const { bins } = await api.getBins({ locationID: await t.locationID(locationCode) })

    assert.deepEqual(
      [updated.binID, updated.locationCode, updated.name, updated.success],
      [binID, locationCode, 'A-01', true]
    )
    assert.deepEqual([bins[0].binTypeID, bins[0].binStatusID], [3, 2])
  },

  'InventoryBinApi.updateBins': async (t) => {
    const api = t.api('InventoryBinApi')
    const locationCode = await t.location()
    const ids = []
    for (const name of ['A-01', 'A-02'])
      ids.push((await api.createBin({ createBinRequest: { locationCode, name } })).binID)
    const answer = await api.updateBins({
      updateBinsRequest: { bins: ids.map((binID) => ({ binID, locationCode, binStatusID: 2 })) }
    })
    const { bins } = await api.getBins({ locationID: await t.locationID(locationCode) })

    assert.deepEqual([answer.numberAffected, answer.success], [2, true])
    assert.deepEqual(
      bins.map((bin) => bin.binStatusID),
      [2, 2]
    )
  },

  'InventoryBinApi.loadInventory': async (t) => {
    const api = t.api('InventoryBinApi')
    const locationCode = await t.location()
    const loadBinInventoryRequest = {
      locationCode,
      bins: [{ binName: 'A-01', products: [{ ...t.product(), quantity: 6 }] }]
    }
    const dry = await api.loadInventory({ loadBinInventoryRequest: { ...loadBinInventoryRequest, dryRun: true } })
    assert.deepEqual([dry.unitsAdded, dry.unitsRemoved, dry.binsCreated], [6, 0, ['A-01']])
    assert.deepEqual(await t.rows([t.product()]), [])
    const live = await api.loadInventory({ loadBinInventoryRequest })

    assert.deepEqual([live.unitsAdded, live.binsCreated, live.success], [6, ['A-01'], true])
    assert.deepEqual(
      live.productsCreated.map((product) => product.partNumber),
      [t.product().partNumber]
    )
    assert.deepEqual(await t.counters(locationCode, t.product()), [6, 6, 0, 0])
  },

  'InventoryBinApi.searchBins': async (t) => {
    const api = t.api('InventoryBinApi')
    const locationCode = await t.location()
    const [one, two] = [t.product('1'), t.product('2')]
    await api.loadInventory({
      loadBinInventoryRequest: {
        locationCode,
        bins: [
          { binName: 'A-01', products: [{ ...one, quantity: 6 }] },
          {
            binName: 'A-02',
            products: [
              { ...two, quantity: 1 },
              { ...one, quantity: 3 }
            ]
          }
        ]
      }
    })
    const found = async (more) => {
      const { binQuantities } = await api.searchBins({ binSearchRequest: { locationCode, ...more } })
      return binQuantities.map((bin) => [
        bin.binName,
        bin.products.map((each) => [each.partNumber, each.quantity]).sort()
      ])
    }

    assert.deepEqual(await found({ product: one, sortAscending: true }), [
      ['A-01', [[one.partNumber, 6]]],
      ['A-02', [[one.partNumber, 3]]]
    ])
    assert.deepEqual(await found({ binName: 'A-02' }), [
      [
        'A-02',
        [
          [one.partNumber, 3],
          [two.partNumber, 1]
        ]
      ]
    ])
  },

  'InventoryTagCategoryApi.getTagCategory': async (t) => {
    await t.category(t.name, ['Web', 80], ['Shop', 20])
    try {
      const category = await t.api('InventoryTagCategoryApi').getTagCategory({ tagCategoryName: t.name })

      assert.deepEqual(
        [category.name, category.tags.map((tag) => [tag.tagValue, tag.percent, tag.isDefault])],
        [
          t.name,
          [
            ['Web', 80, true],
            ['Shop', 20, false]
          ]
        ]
      )
    } finally {
      await t.forget(t.name)
    }
  },

  'InventoryTagCategoryApi.getTagCategoryAll': async (t) => {
    await t.category(t.name, ['Web'])
    try {
      const all = await t.api('InventoryTagCategoryApi').getTagCategoryAll()

      assert.deepEqual(
        all.map((category) => [category.name, category.tags.map((tag) => tag.tagValue)]),
        [[t.name, ['Web']]]
      )
    } finally {
      await t.forget(t.name)
    }
  },

  'InventoryTagCategoryApi.updateTagCategory': async (t) => {
    const api = t.api('InventoryTagCategoryApi')
    await t.category(t.name, ['Web'])
    const renamed = `${t.name}-2`
    await api.updateTagCategory({
      tagCategoryName: t.name,
      tagCategory: { name: renamed, tags: [{ tagValue: 'Shop' }] }
    })
    try {
      const category = await api.getTagCategory({ tagCategoryName: renamed })
      assert.deepEqual(
        category.tags.map((tag) => tag.tagValue),
        ['Shop']
      )
      await assert.rejects(api.getTagCategory({ tagCategoryName: t.name }), (error) => error.response.status === 404)
    } finally {
      await t.forget(renamed)
    }
  },

  'InventoryTagCategoryApi.deleteTagCategory': async (t) => {
    const api = t.api('InventoryTagCategoryApi')
    await t.category(t.name, ['Web'])
    const { deleted } = await api.deleteTagCategory({ tagCategoryName: t.name })

    assert.equal(deleted, 1)
    await assert.rejects(api.getTagCategory({ tagCategoryName: t.name }), (error) => error.response.status === 404)
  },

  'InventoryTagApi.createTag': async (t) => {
    const location = await t.location()
    await t.category(t.name, ['Web'])
    try {
      const made = await t
        .api('InventoryTagApi')
        .createTag({ tagCategoryName: t.name, inventoryTag: { tagValue: 'Shop' } })
      await t.stock(
        location,
        { ...t.product(), quantity: 3, tags: { [t.name]: 'Shop' } },
        { ...t.product(), quantity: 4, tags: { [t.name]: 'Web' } }
      )

      assert.equal(made.tagValue, 'Shop')
      const row = await t.row(location, t.product())
      const parts = Object.fromEntries(row.taggedInventory.map((part) => [part.tags[t.name], part.onHand]))
      assert.deepEqual([row.onHand, parts], [7, { Shop: 3, Web: 4 }])
      const shop = await t.row(location, t.product(), { tags: { [t.name]: 'Shop' } })
      assert.equal(shop.onHand, 3)
    } finally {
      await t.forget(t.name)
    }
  },

  'InventoryTagApi.getTag': async (t) => {
    await t.category(t.name, ['Web', 100])
    try {
      const tag = await t.api('InventoryTagApi').getTag({ tagCategoryName: t.name, tagValue: 'Web' })

      assert.deepEqual([tag.tagValue, tag.percent, tag.isDefault], ['Web', 100, true])
    } finally {
      await t.forget(t.name)
    }
  },

  'InventoryTagApi.updateTag': async (t) => {
    const api = t.api('InventoryTagApi')
    await t.category(t.name, ['Web'])
    try {
      await api.updateTag({ tagCategoryName: t.name, tagValue: 'Web', inventoryTag: { tagValue: 'Internet' } })

      assert.equal((await api.getTag({ tagCategoryName: t.name, tagValue: 'Internet' })).tagValue, 'Internet')
      await assert.rejects(
        api.getTag({ tagCategoryName: t.name, tagValue: 'Web' }),
        (error) => error.response.status === 404
      )
    } finally {
      await t.forget(t.name)
    }
  },

  'InventoryTagApi.deleteTag': async (t) => {
    const api = t.api('InventoryTagApi')
    await t.category(t.name, ['Web'], ['Shop'])
    try {
      const { deleted } = await api.deleteTag({ tagCategoryName: t.name, tagValue: 'Shop' })

      assert.equal(deleted, 1)
      const category = await t.api('InventoryTagCategoryApi').getTagCategory({ tagCategoryName: t.name })
      assert.deepEqual(
        category.tags.map((tag) => tag.tagValue),
        ['Web']
      )
    } finally {
      await t.forget(t.name)
    }
  },

  'InventorySiloApi.updateTenantSiloConfig': async (t) => {
    const api = t.api('InventorySiloApi')
    const first = await api.updateTenantSiloConfig({
      updateTenantSiloConfigRequest: { tenantID: t.tenant, batchWorkers: 3, eventSenderWorkers: 2 }
    })
    const second = await api.updateTenantSiloConfig({
      updateTenantSiloConfigRequest: { tenantID: t.tenant, eventSenderWorkers: 4 }
    })

    assert.deepEqual([first.tenantID, first.batchWorkers, first.eventSenderWorkers], [t.tenant, 3, 2])
    assert.deepEqual([second.batchWorkers, second.eventSenderWorkers], [3, 4])
  }
}
