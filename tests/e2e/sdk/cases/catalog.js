'use strict'

// Products, their properties, price lists with their entries, currencies.

const assert = require('node:assert/strict')

const COLOUR = 'tenant~colour'

async function missing(promise) {
  await assert.rejects(promise, (error) => {
    assert.deepEqual([error.response.status, error.apiError.errorCode], [404, 'ITEM_NOT_FOUND'])
    return true
  })
}

/** A price list with a product's price in it. */
async function priced(t, listPrice = 10) {
  const entry = {
    priceListCode: await t.priceList(),
    productCode: await t.catalogProduct(),
    currencyCode: 'USD',
    priceEntries: [{ minQty: 1, listPrice }]
  }
  await t.api('PriceListEntriesApi').addPriceListEntry({ priceListCode: entry.priceListCode, priceListEntry: entry })
  return entry
}

const place = ({ priceListCode, productCode, currencyCode }) => ({ priceListCode, productCode, currencyCode })

module.exports = {
  'ProductsApi.addProduct': async (t) => {
    const productCode = t.name
    const price = { isoCurrencyCode: 'USD', price: 20.5, salePrice: 18 }
    const content = { localeCode: 'en-US', productName: 'Tent' }
    const catalogAdminsProduct = { productCode, content, price, upc: '036000291452', isTaxable: false }
    const added = await t.api('ProductsApi').addProduct({ catalogAdminsProduct })

    assert.deepEqual([added.productCode, added.price, added.isTaxable], [productCode, price, false])
    assert.deepEqual(await t.api('ProductsApi').getProduct({ productCode }), added)
  },

  'ProductsApi.getProduct': async (t) => {
    const productCode = await t.catalogProduct('with space and ä')
    const product = await t.api('ProductsApi').getProduct({ productCode })

    assert.deepEqual([product.productCode, product.content.productName], [productCode, 'Product with space and ä'])
    await missing(t.api('ProductsApi').getProduct({ productCode: 'nothing' }))
  },

  'ProductsApi.getProducts': async (t) => {
    const codes = [await t.catalogProduct('1'), await t.catalogProduct('2'), await t.catalogProduct('3')]
    const filter = `productCode sw ${t.name}`
    const page = await t.api('ProductsApi').getProducts({ filter, pageSize: 2, sortBy: 'productCode desc' })

    assert.deepEqual(
      page.items.map((each) => each.productCode),
      codes.toReversed().slice(0, 2)
    )
    assert.deepEqual([page.totalCount, page.pageCount], [3, 2])
  },

  'ProductsApi.updateProduct': async (t) => {
    const productCode = await t.catalogProduct()
    const catalogAdminsProduct = { productCode, content: { productName: 'Another' } }
    await t.api('ProductsApi').updateProduct({ productCode, catalogAdminsProduct })

    assert.equal((await t.api('ProductsApi').getProduct({ productCode })).content.productName, 'Another')
  },

  'ProductsApi.deleteProduct': async (t) => {
    const productCode = await t.catalogProduct()
    const batchJobCode = await t.batch()
    await t.api('ProductsApi').deleteProduct({ productCode, batchJobCode })
    await t.api('ProductsApi').getProduct({ productCode })
    await t.act(batchJobCode)
    await t.settle()

    await missing(t.api('ProductsApi').getProduct({ productCode }))
  },

  'ProductPropertiesApi.addProperty': async (t) => {
    const productCode = await t.catalogProduct()
    const catalogAdminsProductProperty = { attributeFQN: COLOUR, values: [{ value: 'red' }] }
    const added = await t.api('ProductPropertiesApi').addProperty({ productCode, catalogAdminsProductProperty })

    assert.deepEqual(added, catalogAdminsProductProperty)
    assert.deepEqual((await t.api('ProductsApi').getProduct({ productCode })).properties, [added])
  },

  'ProductPropertiesApi.getProperty': async (t) => {
    const values = [{ value: 'red' }]
    const productCode = await t.catalogProduct('1', undefined, { properties: [{ attributeFQN: COLOUR, values }] })
    const found = await t.api('ProductPropertiesApi').getProperty({ productCode, attributeFQN: COLOUR })

    assert.deepEqual(found.values, values)
    await missing(t.api('ProductPropertiesApi').getProperty({ productCode, attributeFQN: 'tenant~size' }))
  },

  'ProductPropertiesApi.getProperties': async (t) => {
    const properties = [{ attributeFQN: COLOUR, values: [{ value: 1 }, { value: true }] }]
    const productCode = await t.catalogProduct('1', undefined, { properties })

    assert.deepEqual(await t.api('ProductPropertiesApi').getProperties({ productCode }), properties)
  },

  'ProductPropertiesApi.updateProperty': async (t) => {
    const values = [{ value: 'red' }]
    const productCode = await t.catalogProduct('1', undefined, { properties: [{ attributeFQN: COLOUR, values }] })
    const batchJobCode = await t.batch()
    const api = t.api('ProductPropertiesApi')
    const catalogAdminsProductProperty = { attributeFQN: COLOUR, values: [{ value: 'blue' }] }
    await api.updateProperty({ productCode, attributeFQN: COLOUR, batchJobCode, catalogAdminsProductProperty })
    const before = await api.getProperty({ productCode, attributeFQN: COLOUR })
    await t.act(batchJobCode)
    await t.settle()
    const after = await api.getProperty({ productCode, attributeFQN: COLOUR })

    assert.deepEqual([before.values, after.values], [values, [{ value: 'blue' }]])
  },

  'ProductPropertiesApi.deleteProperty': async (t) => {
    const values = [{ value: 'red' }]
    const productCode = await t.catalogProduct('1', undefined, { properties: [{ attributeFQN: COLOUR, values }] })
    await t.api('ProductPropertiesApi').deleteProperty({ productCode, attributeFQN: COLOUR })

    assert.deepEqual(await t.api('ProductPropertiesApi').getProperties({ productCode }), [])
  },

  'PriceListsApi.addPriceList': async (t) => {
    const catalogAdminsPriceList = { priceListCode: t.name, name: 'Wholesale', enabled: false, rank: 2 }
    const added = await t.api('PriceListsApi').addPriceList({ catalogAdminsPriceList })

    for (const [name, value] of Object.entries(catalogAdminsPriceList)) assert.equal(added[name], value)
  },

  'PriceListsApi.getPriceList': async (t) => {
    const priceListCode = await t.priceList()

    assert.equal((await t.api('PriceListsApi').getPriceList({ priceListCode })).name, 'List A')
    await missing(t.api('PriceListsApi').getPriceList({ priceListCode: 'nothing' }))
  },

  'PriceListsApi.getPriceLists': async (t) => {
    const code = await t.priceList()
    const page = await t.api('PriceListsApi').getPriceLists({ pageSize: 200 })

    assert.ok(page.items.some((each) => each.priceListCode === code))
    assert.equal(page.totalCount, page.items.length)
  },

  'PriceListsApi.updatePriceList': async (t) => {
    const priceListCode = await t.priceList()
    const catalogAdminsPriceList = { priceListCode, name: 'Retail' }
    await t.api('PriceListsApi').updatePriceList({ priceListCode, catalogAdminsPriceList })

    assert.equal((await t.api('PriceListsApi').getPriceList({ priceListCode })).name, 'Retail')
  },

  'PriceListsApi.deletePriceList': async (t) => {
    const { priceListCode } = await priced(t)
    await t.api('PriceListsApi').deletePriceList({ priceListCode, cascadeDeleteEntries: true })

    await missing(t.api('PriceListsApi').getPriceList({ priceListCode }))
  },

  'PriceListEntriesApi.addPriceListEntry': async (t) => {
    const entry = await priced(t)
    const found = await t.api('PriceListEntriesApi').getPriceListEntry(place(entry))

    assert.deepEqual(found.priceEntries, entry.priceEntries)
  },

  'PriceListEntriesApi.getPriceListEntry': async (t) => {
    const entry = await priced(t, 12.5)
    const found = await t.api('PriceListEntriesApi').getPriceListEntry(place(entry))

    assert.deepEqual([found.productCode, found.priceEntries[0].listPrice], [entry.productCode, 12.5])
    await missing(t.api('PriceListEntriesApi').getPriceListEntry({ ...place(entry), currencyCode: 'EUR' }))
  },

  'PriceListEntriesApi.getPriceListEntries': async (t) => {
    const { priceListCode, productCode } = await priced(t)
    const page = await t.api('PriceListEntriesApi').getPriceListEntries({ priceListCode })

    assert.deepEqual([page.totalCount, page.items[0].productCode], [1, productCode])
  },

  'PriceListEntriesApi.updatePriceListEntry': async (t) => {
    const entry = await priced(t)
    const changed = { ...entry, priceEntries: [{ listPrice: 99 }] }
    const api = t.api('PriceListEntriesApi')
    await api.updatePriceListEntry({ ...place(entry), priceListEntry: changed })

    assert.equal((await api.getPriceListEntry(place(entry))).priceEntries[0].listPrice, 99)
  },

  'PriceListEntriesApi.deletePriceListEntry': async (t) => {
    const entry = await priced(t)
    await t.api('PriceListEntriesApi').deletePriceListEntry(place(entry))

    await missing(t.api('PriceListEntriesApi').getPriceListEntry(place(entry)))
  },

  'PriceListEntriesApi.bulkAddPriceListEntries': async (t) => {
    const entry = await priced(t)
    const later = { ...entry, startDate: '2027-01-01T00:00:00Z' }
    const priceListEntry = [later, { ...later, productCode: 'nothing' }]
    const api = t.api('PriceListEntriesApi')
    const result = await api.bulkAddPriceListEntries({ priceListEntry, allowPartialSuccess: true })

    assert.deepEqual([result.successCount, result.failureCount], [1, 1])
    assert.equal(result.failureDetails[0].productCode, 'nothing')
    assert.equal((await api.getPriceListEntries(place(entry))).totalCount, 2)
  },

  'PriceListEntriesApi.bulkUpdatePriceListEntries': async (t) => {
    const entry = await priced(t)
    const batchJobCode = await t.batch()
    const api = t.api('PriceListEntriesApi')
    const changed = { ...entry, priceEntries: [{ listPrice: 7 }] }
    const result = await api.bulkUpdatePriceListEntries({ batchJobCode, priceListEntry: [changed] })
    const before = await api.getPriceListEntry(place(entry))
    await t.act(batchJobCode)
    await t.settle()
    const after = await api.getPriceListEntry(place(entry))

    assert.deepEqual([before.priceEntries[0].listPrice, after.priceEntries[0].listPrice], [10, 7])
    assert.deepEqual([result.successCount, result.failureCount], [1, 0])
  },

  'PriceListEntriesApi.bulkDeletePriceListEntries': async (t) => {
    const entry = await priced(t)
    await t.api('PriceListEntriesApi').bulkDeletePriceListEntries({ priceListEntry: [place(entry)] })

    await missing(t.api('PriceListEntriesApi').getPriceListEntry(place(entry)))
  },

  'CurrencyApi.addCurrencyLocalization': async (t) => {
    const currencyLocalization = { currencyCode: 'JPY', decimalPlaces: 0 }
    const added = await t.api('CurrencyApi').addCurrencyLocalization({ currencyLocalization })

    assert.deepEqual([added.currencyCode, added.decimalPlaces], ['JPY', 0])
  },

  'CurrencyApi.getCurrencyLocalization': async (t) => {
    assert.equal((await t.api('CurrencyApi').getCurrencyLocalization({ currencyCode: 'USD' })).decimalPlaces, 2)
    await missing(t.api('CurrencyApi').getCurrencyLocalization({ currencyCode: 'XYZ' }))
  },

  'CurrencyApi.getCurrencyLocalizations': async (t) => {
    const { items, totalCount } = await t.api('CurrencyApi').getCurrencyLocalizations()

    assert.ok(items.some((each) => each.currencyCode === 'USD'))
    assert.equal(totalCount, items.length)
  },

  'CurrencyApi.updateCurrencyLocalization': async (t) => {
    const api = t.api('CurrencyApi')
    await api.addCurrencyLocalization({ currencyLocalization: { currencyCode: 'KWD' } })
    const currencyLocalization = { currencyCode: 'KWD', decimalPlaces: 3 }
    await api.updateCurrencyLocalization({ currencyCode: 'KWD', currencyLocalization })

    assert.equal((await api.getCurrencyLocalization({ currencyCode: 'KWD' })).decimalPlaces, 3)
  },

  'CurrencyApi.deleteCurrencyLocalization': async (t) => {
    const api = t.api('CurrencyApi')
    await api.addCurrencyLocalization({ currencyLocalization: { currencyCode: 'CHF' } })
    await api.deleteCurrencyLocalization({ currencyCode: 'CHF' })

    await missing(api.getCurrencyLocalization({ currencyCode: 'CHF' }))
  }
}
