'use strict'

// What users of the SDK see when they may not come in, and how it renews a token: one line of JSON.

const { Configuration } = require('@kibocommerce/rest-sdk')
const { InventoryJobApi } = require('@kibocommerce/rest-sdk/clients/Inventory')
const { apiAuthMemCache } = require('@kibocommerce/rest-sdk/utilities')

const authHost = new URL(process.env.SIMULATOR_URL).host
const good = { tenantId: 1001, clientId: 'sample.app', sharedSecret: 'sample-secret', authHost }

async function told(settings) {
  try {
    return { answer: await new InventoryJobApi(new Configuration(settings)).getJobs() }
  } catch (error) {
    return { name: error.name, message: error.message, status: error.response?.status ?? null }
  }
}

async function main() {
  const seen = {
    wrongSecret: await told({ ...good, sharedSecret: 'guess' }),
    otherTenant: await told({ ...good, tenantId: 1002 }),
    noSuchToken: await told({ tenantId: 1001, apiHost: process.env.SIMULATOR_URL, accessToken: 'made-up' }),
    right: await told(good)
  }
  const ticket = await apiAuthMemCache.getAuthTicket(good.clientId)
  await apiAuthMemCache.setAuthTicket(good.clientId, { ...ticket, expires_at: 0 })
  seen.renewed = await told(good)
  const renewed = await apiAuthMemCache.getAuthTicket(good.clientId)
  seen.otherToken = renewed.access_token !== ticket.access_token
  seen.lifetime = [ticket.token_type, ticket.expires_in]
  console.log(JSON.stringify(seen))
}

main()
