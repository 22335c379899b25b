'use strict'

// Looking stock up, setting it, adding to it, deleting it, and the jobs that do so.

const assert = require('node:assert/strict')

module.exports = {
  'InventoryApi.postQueryInventory': async (t) => {
    const where = { postalCode: '78701', countryCode: 'US', latitude: 30.27, longitude: -97.74 }
    const [a, b] = [await t.location('A', { ...where, directShip: false }), await t.location('B')]
    const [one, two] = [t.product('1'), t.product('2')]
    await t.stock(
      a,
      { ...one, upc: '4006381333931', quantity: 7, safetyStock: 2, floor: 1, attributes: ['red'], externalID: 'E-7' },
      { ...two, quantity: 3 }
    )
    await t.stock(b, { ...one, quantity: 4 })
    const api = t.api('InventoryApi')
    const ask = async (more) =>
      (await api.postQueryInventory({ inventoryRequest: more, xVolSite: 1 })).map((row) => [
        row.locationCode,
        row.partNumber,
        row.onHand,
        row.available
      ])
    const p = [one.partNumber, two.partNumber]

    const both = [
      { ...one, quantity: 3 },
      { ...two, quantity: 3 }
    ]
    assert.deepEqual(await ask({ type: 'ANY', items: [one] }), [
      [a, p[0], 7, 5],
      [b, p[0], 4, 4]
    ])
    assert.deepEqual(await ask({ type: 'ALL', items: both }), [
      [a, p[0], 7, 5],
      [a, p[1], 3, 3]
    ])
    assert.deepEqual(await ask({ type: 'PARTIAL', items: both, locationBlacklist: [a] }), [[b, p[0], 4, 4]])
    assert.deepEqual(await ask({ type: 'ANY', items: [{ upc: '4006381333931' }], ignoreSafetyStock: true }), [
      [a, p[0], 7, 7],
      [b, p[0], 4, 4]
    ])
    assert.deepEqual(await ask({ type: 'ANY', items: [{ partNumber: `${p[0]}-unknown` }] }), [])
    const whole = { type: 'ANY', items: [], requestLocation: { locationCode: a }, sortByEnum: 'ON_HAND', pageSize: 1 }
    assert.deepEqual(await ask({ ...whole, sortDescending: true, pageNum: 1 }), [[a, p[0], 7, 5]])
    assert.deepEqual(await ask({ ...whole, sortDescending: true, pageNum: 2 }), [[a, p[1], 3, 3]])
    const [row] = await t.rows([one], { locationWhitelist: [a] })
    assert.deepEqual(
      [row.tenantID, row.locationName, row.upc, row.safetyStock, row.floor, row.allocated, row.pending],
      [t.tenant, `Location ${a}`, '4006381333931', 2, 1, 0, 0]
    )
    assert.deepEqual([row.directShip, row.pickup, row.transferEnabled, row.countryCode], [false, true, true, 'US'])
    const [more] = await t.rows([one], { locationWhitelist: [a], includeAttributes: true })
    assert.deepEqual([more.attributes, more.externalID], [['red'], 'E-7'])
    const near = { unit: 'KM', latitude: 30.3, longitude: -97.7, radius: 50 }
    assert.deepEqual(await ask({ type: 'ANY', items: [one], requestLocation: near }), [[a, p[0], 7, 5]])
    assert.deepEqual(await ask({ type: 'ANY', items: [one], directShip: true }), [[b, p[0], 4, 4]])
  },

  'InventoryApi.aggregate': async (t) => {
    const [a, b] = [await t.location('A'), await t.location('B')]
    const product = t.product()
    await t.stock(a, { ...product, quantity: 7, safetyStock: 2 })
    await t.stock(b, { ...product, quantity: 4 })
    const api = t.api('InventoryApi')
    const sums = async (more) =>
      (await api.aggregate({ aggregateRequest: { items: [product], ...more }, xVolSite: 1 })).map((row) => [
        row.tenantID,
        row.partNumber,
        row.onHand,
        row.available
      ])

    assert.deepEqual(await sums({}), [[t.tenant, product.partNumber, 11, 9]])
    assert.deepEqual(await sums({ ignoreSafetyStock: true }), [[t.tenant, product.partNumber, 11, 11]])
  },

  'ModifyInventoryApi.refresh': async (t) => {
    const location = await t.location()
    const product = t.product()
    const other = t.product('other')
    await t.stock(location, { ...product, quantity: 1 }, { ...other, quantity: 5 })
    const { jobID } = await t.modify.refresh({
      refreshRequest: {
        locationCode: location,
        items: [{ ...product, quantity: 12, safetyStock: 2, floor: 3, lTD: 4.5, inventoryLocatorName: 'Aisle 4' }]
      }
    })
    assert.deepEqual(await t.counters(location, product), [1, 1, 0, 0])
    await t.settle()

    const job = await t.job(jobID)
    assert.deepEqual([job.type, job.status, job.success, job.itemCount], ['REFRESH', 'SUCCESS', true, 1])
    assert.deepEqual(await t.counters(location, product), [12, 10, 0, 0])
    assert.deepEqual(await t.counters(location, other), [5, 5, 0, 0])
    const row = await t.row(location, product)
    assert.deepEqual([row.floor, row.safetyStock, row.inventoryLocatorName], [3, 2, 'Aisle 4'])
  },

  'ModifyInventoryApi.adjust': async (t) => {
    const location = await t.location()
    const product = t.product()
    await t.stock(location, { ...product, quantity: 10 })
    const { jobID } = await t.modify.adjust({
      adjustRequest: {
        locationCode: location,
        items: [
          { ...product, quantity: -4 },
          { ...product, quantity: 1 }
        ]
      }
    })
    await t.settle()

    const job = await t.job(jobID)
    assert.deepEqual([job.type, job.status, job.itemCount], ['ADJUST', 'SUCCESS', 2])
    assert.deepEqual(await t.counters(location, product), [7, 7, 0, 0])
  },

  'ModifyInventoryApi.smartRefreshInventory': async (t) => {
    const location = await t.location()
    const items = Array.from({ length: 40 }, (_, n) => ({ ...t.product(String(n)), quantity: n }))
    const few = await t.modify.smartRefreshInventory({
      refreshRequest: { locationCode: location, items: items.slice(0, 5) }
    })
    assert.deepEqual(few, { method: 'sync', jobID: null })
    assert.deepEqual(await t.counters(location, t.product('4')), [4, 4, 0, 0])
    const many = await t.modify.smartRefreshInventory({ refreshRequest: { locationCode: location, items } })
    assert.deepEqual([many.method, typeof many.jobID], ['async', 'string'])
    await t.settle()

    assert.equal((await t.job(Number(many.jobID))).status, 'SUCCESS')
    assert.deepEqual(await t.counters(location, t.product('39')), [39, 39, 0, 0])
  },

  'ModifyInventoryApi.smartAdjustInventory': async (t) => {
    const location = await t.location()
    await t.stock(location, { ...t.product(), quantity: 3 })
    const answer = await t.modify.smartAdjustInventory({
      adjustRequest: { locationCode: location, items: [{ ...t.product(), quantity: 4 }] }
    })

    assert.deepEqual(answer, { method: 'sync', jobID: null })
    assert.deepEqual(await t.counters(location, t.product()), [7, 7, 0, 0])
  },

  'ModifyInventoryApi._delete': async (t) => {
    const [a, b] = [await t.location('A'), await t.location('B')]
    const [gone, kept] = [t.product('gone'), t.product('kept')]
    for (const location of [a, b]) await t.stock(location, { ...gone, quantity: 1 }, { ...kept, quantity: 1 })
    const deleteItemRequest = { ...gone, locationCodes: [a] }
    const dry = await t.modify._delete({ deleteItemRequest: { ...deleteItemRequest, dryRun: true }, xVolSite: 1 })
    assert.deepEqual([dry.dryRun, dry.totalInventoryEntriesDeleted, dry.jobIDs], [true, 1, []])
    const live = await t.modify._delete({ deleteItemRequest })
    await t.settle()

    assert.deepEqual([live.dryRun, live.totalInventoryEntriesDeleted, live.jobIDs.length], [false, 1, 1])
    const job = await t.job(live.jobIDs[0])
    assert.deepEqual([job.type, job.status, job.locationCode], ['DELETE', 'SUCCESS', a])
    const left = (await t.rows([gone, kept])).map((row) => `${row.locationCode} ${row.partNumber}`)
    assert.deepEqual(left.sort(), [`${a} ${kept.partNumber}`, `${b} ${gone.partNumber}`, `${b} ${kept.partNumber}`])
  },

  'ModifyInventoryApi.deleteItems': async (t) => {
    const [a, b] = [await t.location('A'), await t.location('B')]
    const [one, two, kept] = [t.product('1'), t.product('2'), t.product('kept')]
    for (const location of [a, b]) {
      await t.stock(location, { ...one, quantity: 1 }, { ...two, quantity: 1 }, { ...kept, quantity: 1 })
    }
    const deleteItemsRequest = { items: [one, { partNumber: `^${two.partNumber}$` }], allLocations: true }
    const dry = await t.modify.deleteItems({
      deleteItemsRequest: { ...deleteItemsRequest, dryRun: true, explicit: true },
      xVolSite: 1
    })
    assert.deepEqual(
      [dry.totalInventoryEntriesDeleted, dry.totalLocationsAffected, dry.totalProductsDeleted],
      [4, 2, 2]
    )
    assert.deepEqual(
      dry.itemsDeleted.map((item) => [item.itemIdentifier.partNumber, item.locationCodes, item.inventoryIDs.length]),
      [
        [one.partNumber, [a, b], 2],
        [two.partNumber, [a, b], 2]
      ]
    )
    const live = await t.modify.deleteItems({ deleteItemsRequest })
    await t.settle()

    assert.deepEqual([live.totalInventoryEntriesDeleted, live.jobIDs.length], [4, 2])
    assert.deepEqual(await t.rows([one, two]), [])
    assert.equal((await t.rows([kept])).length, 2)
  },

  'ModifyInventoryApi.redistributeInventoryAcrossTags': async (t) => {
    const location = await t.location()
    const product = t.product()
    const category = t.name
    await t.category(category, ['Web', 75], ['Shop', 25])
    try {
      await t.stock(location, { ...product, quantity: 100, tags: { [category]: 'Web' } })
      await t.modify.redistributeInventoryAcrossTags()
      await t.settle()

      const { onHand, taggedInventory } = await t.row(location, product)
      const shares = Object.fromEntries(taggedInventory.map((part) => [part.tags[category], part.onHand]))
      assert.deepEqual([onHand, shares], [100, { Web: 75, Shop: 25 }])
    } finally {
      await t.forget(category)
    }
  },

  'ModifyInventoryApi.deleteFutureInventory': async (t) => {
    const location = await t.location()
    const product = t.product()
    const near = { ...product, quantity: 5, deliveryDate: await t.date(10), externalID: 'near' }
    const far = { ...product, quantity: 8, deliveryDate: await t.date(40), externalID: 'far' }
    await t.stock(location, { ...product, quantity: 1 }, near, far)
    const expected = async () =>
      (await t.row(location, product, { includeFutureInventory: true })).futureInventory?.map((each) => each.onhand)
    assert.deepEqual(await expected(), [5, 8])
    const deleteFutureItemRequest = {
      ...product,
      locationCodes: [location],
      futureStartDate: await t.date(30),
      futureEndDate: await t.date(50)
    }
    const dry = await t.modify.deleteFutureInventory({
      deleteFutureItemRequest: { ...deleteFutureItemRequest, dryRun: true },
      xVolSite: 1
    })
    assert.deepEqual([dry.dryRun, dry.totalInventoryEntriesDeleted, dry.jobIDs], [true, 1, []])
    const live = await t.modify.deleteFutureInventory({ deleteFutureItemRequest })
    await t.settle()

    assert.deepEqual([live.totalInventoryEntriesDeleted, live.totalLocationsAffected, live.jobIDs.length], [1, 1, 1])
    assert.equal((await t.job(live.jobIDs[0])).status, 'SUCCESS')
    assert.deepEqual(await expected(), [5])
    assert.deepEqual(await t.counters(location, product), [1, 1, 0, 0])
  },

  'InventoryJobApi.getJob': async (t) => {
    const location = await t.location()
    const { jobID } = await t.modify.refresh({
      refreshRequest: { locationCode: location, items: [{ ...t.product(), quantity: 1 }] }
    })
    const before = await t.job(jobID)
    assert.deepEqual([before.jobID, before.locationCode, before.tenantID], [jobID, location, t.tenant])
    assert.ok(['PENDING', 'WORKING'].includes(before.status))
    assert.equal(Boolean(before.success), false)
    await t.settle()

    const after = await t.job(jobID)
    assert.deepEqual([after.status, after.success], ['SUCCESS', true])
    assert.ok(Date.parse(after.added) <= Date.parse(after.started))
    assert.ok(Date.parse(after.started) < Date.parse(after.finished))
    await assert.rejects(t.job(10 ** 12), (error) => error.response.status === 404 && error.apiError.message !== '')
  },

  'InventoryJobApi.getJobs': async (t) => {
    const location = await t.location()
    const request = { locationCode: location, items: [{ ...t.product(), quantity: 1 }] }
    const first = await t.modify.refresh({ refreshRequest: request })
    const second = await t.modify.adjust({ adjustRequest: request })
    const ids = async (more) =>
      (await t.api('InventoryJobApi').getJobs({ locationCode: location, ...more })).map((job) => job.jobID)

    assert.deepEqual(await ids({}), [second.jobID, first.jobID])
    assert.deepEqual(await ids({ limit: 1 }), [second.jobID])
    assert.deepEqual(await ids({ types: ['REFRESH', 'DELETE'] }), [first.jobID])
    assert.deepEqual(await ids({ types: ['REFRESH', 'ADJUST'] }), [second.jobID, first.jobID])
    assert.deepEqual(await ids({ originalFilename: 'no such file' }), [])
  },

  'InventoryJobApi.deleteOldInventory': async (t) => {
    const location = await t.location()
    const [stale, fresh] = [t.product('stale'), t.product('fresh')]
    await t.stock(location, { ...stale, quantity: 1 })
    await t.later(100)
    await t.stock(location, { ...fresh, quantity: 1 })
    const { jobID } = await t.api('InventoryJobApi').deleteOldInventory({ months: 2 })
    await t.settle()

    assert.equal((await t.job(jobID)).status, 'SUCCESS')
    assert.deepEqual(
      (await t.rows([stale, fresh])).map((row) => row.partNumber),
      [fresh.partNumber]
    )
  },

  'InventoryJobApi.deleteAllOldInventory': async (t) => {
    const location = await t.location()
    const [stale, fresh] = [t.product('stale'), t.product('fresh')]
    await t.stock(location, { ...stale, quantity: 1 })
    await t.later(100)
    await t.stock(location, { ...fresh, quantity: 1 })
    const answers = await t.api('InventoryJobApi').deleteAllOldInventory({ months: 2 })
    await t.settle()

    assert.ok(answers.length >= 1)
    for (const { jobID } of answers) assert.equal((await t.job(jobID)).status, 'SUCCESS')
    assert.deepEqual(
      (await t.rows([stale, fresh])).map((row) => row.partNumber),
      [fresh.partNumber]
    )
  },

  'InventoryFutureDateApi.adjustFutureDate': async (t) => {
    const location = await t.location()
    const product = t.product()
    const [sooner, later] = [await t.date(10), await t.date(20)]
    await t.stock(location, { ...product, quantity: 5, deliveryDate: later })
    const future = async () =>
      (await t.row(location, product, { includeFutureInventory: true })).futureInventory.map((each) => [
        each.futureInventoryID,
        each.onhand,
        Date.parse(each.deliveryDate)
      ])
    const [[futureInventoryID, onhand, date]] = await future()
    assert.deepEqual([onhand, date], [5, Date.parse(later.replace('+0000', 'Z'))])
    await t
      .api('InventoryFutureDateApi')
      .adjustFutureDate({ futureInventoryID, adjustFutureDateRequest: { futureDate: sooner } })
    await t.settle()

    assert.deepEqual(await future(), [[futureInventoryID, 5, Date.parse(sooner.replace('+0000', 'Z'))]])
  }
}
