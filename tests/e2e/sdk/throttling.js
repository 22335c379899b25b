'use strict'

// What the SDK makes of a 429, with an empty body as Kibo sends it and with a JSON body: one line of JSON for each.

const { Configuration } = require('@kibocommerce/rest-sdk')
const { InventoryJobApi } = require('@kibocommerce/rest-sdk/clients/Inventory')
const { control } = require('./session')

async function experiment(throttle_body) {
  await control('PUT', 'limits', {
    pools: [{ route: '/api/commerce/inventory/*', rpm: 1, rph: 100 }],
    throttle_body
  })
  const seen = []
  const post = async ({ response }) => {
    seen.push([response.status, response.headers.get('retry-after'), typeof response.text])
  }
  const api = new InventoryJobApi(
    new Configuration({
      tenantId: 1001,
      apiHost: process.env.SIMULATOR_URL,
      accessToken: 'any',
      middleware: [{ post }]
    })
  )
  await api.getJobs()
  let error
  try {
    await api.getJobs()
  } catch (caught) {
    error = caught
  }
  await control('POST', 'clock/advance', { seconds: 59 })
  const early = await api.getJobs().then(
    () => 'answered',
    () => 'refused'
  )
  await control('POST', 'clock/advance', { seconds: 1 })
  const onTime = await api.getJobs().then(
    () => 'answered',
    () => 'refused'
  )
  return {
    name: error.name,
    message: error.message,
    response: error.response ?? null,
    errorCode: error.apiError?.errorCode ?? null,
    seen,
    afterwards: [early, onTime]
  }
}

async function main() {
  for (const body of ['empty', 'json']) console.log(JSON.stringify(await experiment(body)))
}

main()
