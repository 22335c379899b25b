'use strict'

// Batch jobs and their items.

const assert = require('node:assert/strict')

async function refused(promise, status, code) {
  await assert.rejects(promise, (error) => {
    assert.deepEqual([error.response.status, error.apiError.errorCode], [status, code])
    return true
  })
}

module.exports = {
  'BatchJobApi.createBatchJob': async (t) => {
    const api = t.api('BatchJobApi')
    const batchJob = { code: t.name, name: 'Example Job', scheduledDate: null, domain: 'Catalog', status: 'Ready' }
    const job = await api.createBatchJob({ batchJob })

    for (const [name, value] of Object.entries(batchJob)) assert.deepEqual([name, job[name]], [name, value])
    assert.deepEqual([job.tenantId, job.dateStarted], [t.tenant, null])
    await refused(api.createBatchJob({ batchJob }), 409, 'JOB_ALREADY_EXISTS')
  },

  'BatchJobApi.getBatchJob': async (t) => {
    const code = await t.batch('A', { scheduledDate: '2027-01-01T00:00:00Z' })
    const job = await t.api('BatchJobApi').getBatchJob({ code })

    assert.deepEqual([job.code, job.status, job.scheduledDate], [code, 'Ready', '2027-01-01T00:00:00.000Z'])
    await refused(t.api('BatchJobApi').getBatchJob({ code: 'nothing' }), 404, 'ITEM_NOT_FOUND')
  },

  'BatchJobApi.getBatchJobs': async (t) => {
    const codes = [await t.batch('A'), await t.batch('B')]
    const page = await t.api('BatchJobApi').getBatchJobs({ domain: 'Catalog', status: 'Ready', pageSize: 2 })

    assert.deepEqual(
      page.items.map((job) => job.code),
      codes.toReversed()
    )
    assert.deepEqual([page.startIndex, page.pageSize], [0, 2])
    assert.ok(page.totalCount >= 2 && page.pageCount >= 1)
  },

  'BatchJobApi.updateBatchJob': async (t) => {
    const code = await t.batch()
    const job = await t.api('BatchJobApi').updateBatchJob({ code, batchJob: { name: 'Another name' } })

    assert.deepEqual([job.code, job.name, job.status], [code, 'Another name', 'Ready'])
  },

  'BatchJobApi.deleteBatchJob': async (t) => {
    const api = t.api('BatchJobApi')
    const code = await t.batch('A', { scheduledDate: '2027-01-01T00:00:00Z' })
    await t.act(code)
    await refused(api.deleteBatchJob({ code }), 409, 'VALIDATION_CONFLICT')
    await t.act(code, 'Cancel')

    assert.equal((await api.deleteBatchJob({ code })).code, code)
    await refused(api.getBatchJob({ code }), 404, 'ITEM_NOT_FOUND')
  },

  'BatchJobApi.getAvailableActions': async (t) => {
    const code = await t.batch()
    const before = await t.api('BatchJobApi').getAvailableActions({ code })
    await t.act(code)
    const during = await t.api('BatchJobApi').getAvailableActions({ code })
    await t.settle()
    const after = await t.api('BatchJobApi').getAvailableActions({ code })

    assert.deepEqual([before, during, after], [['Start', 'Cancel'], ['Cancel'], ['Reset']])
  },

  'BatchJobApi.performBatchAction': async (t) => {
    const code = await t.batch()
    const productCode = await t.catalogProduct('1', code)
    await refused(t.api('ProductsApi').getProduct({ productCode }), 404, 'ITEM_NOT_FOUND')
    const started = await t.act(code)
    await refused(t.act(code), 409, 'VALIDATION_CONFLICT')
    await t.settle()
    const done = await t.api('BatchJobApi').getBatchJob({ code })
    const product = await t.api('ProductsApi').getProduct({ productCode })
    const again = await t.act(code, 'Reset')

    assert.deepEqual([started.status, done.status, again.status], ['Running', 'Completed', 'Ready'])
    assert.deepEqual([product.productCode, product.content.productName], [productCode, 'Product 1'])
  },

  'BatchJobApi.getBatchSummaryJob': async (t) => {
    const code = await t.batch()
    await t.catalogProduct('1', code)
    await t.catalogProduct('2', code)
    const summary = await t.api('BatchJobApi').getBatchSummaryJob({ code })

    assert.deepEqual(summary.resources, [{ resourceType: 'Products', counts: [{ status: 'Waiting', count: 2 }] }])
  },

  'BatchJobApi.getBatchSummaryJobs': async (t) => {
    const code = await t.batch()
    await t.catalogProduct('1', code)
    const [summary] = (await t.api('BatchJobApi').getBatchSummaryJobs({ pageSize: 1 })).items

    assert.deepEqual([summary.code, summary.status, summary.resources[0].counts[0].count], [code, 'Ready', 1])
  },

  'BatchJobApi.getBatchJobItems': async (t) => {
    const code = await t.batch()
    await t.catalogProduct('1', code)
    await t.catalogProduct('2', code, { content: {} })
    await t.api('ProductsApi').deleteProduct({ productCode: 'nothing', batchJobCode: code })
    await t.act(code)
    await t.settle()
    const api = t.api('BatchJobApi')
    const all = await api.getBatchJobItems({ code })
    const failed = await api.getBatchJobItems({ code, processingStatus: 'Failed', resourceType: 'Products' })
    const [item] = failed.items

    assert.deepEqual(
      all.items.map((each) => each.processingStatus),
      ['Completed', 'Failed', 'ValidationFailed']
    )
    assert.deepEqual([failed.totalCount, item.retryCount, item.status], [1, 3, 400])
    assert.deepEqual([item.httpMethod, item.errors[0].field], ['POST', 'content.productName'])
  },

  'BatchJobApi.getBatchJobItem': async (t) => {
    const code = await t.batch()
    await t.catalogProduct('1', code)
    const api = t.api('BatchJobApi')
    const [item] = (await api.getBatchJobItems({ code })).items
    const found = await api.getBatchJobItem({ code, correlationId: item.correlationId })

    assert.deepEqual(found.items, [item])
  }
}
