'use strict'

// What a case is given: the SDK's classes ready to call, and the simulator's clock to let jobs come to their end.

const { Configuration } = require('@kibocommerce/rest-sdk')
const { BaseAPI } = require('@kibocommerce/rest-sdk/client-runtime')
const inventory = require('@kibocommerce/rest-sdk/clients/Inventory')
const catalog = require('@kibocommerce/rest-sdk/clients/CatalogAdministration')
const importExport = require('@kibocommerce/rest-sdk/clients/ImportExport')
const locationAdmin = require('@kibocommerce/rest-sdk/clients/LocationAdmin')
const { apiAuthMemCache } = require('@kibocommerce/rest-sdk/utilities')

const URL_OF_SIMULATOR = process.env.SIMULATOR_URL
const CLIENT_ID = 'sample.app'
const TENANT = 1001

// How the SDK is pointed at the simulator: the two recipes of docs/official-sdk.md.
const RECIPES = {
  open: () => ({ tenantId: TENANT, apiHost: URL_OF_SIMULATOR, accessToken: 'any' }),
  tls: () => ({
    tenantId: TENANT,
    clientId: CLIENT_ID,
    sharedSecret: 'sample-secret',
    authHost: new URL(URL_OF_SIMULATOR).host
  })
}

const configuration = new Configuration(RECIPES[process.env.SIMULATOR_RECIPE]())
const { CurrencyApi, PriceListEntriesApi, PriceListsApi, ProductPropertiesApi, ProductsApi } = catalog
const others = {
  BatchJobApi: importExport.BatchJobApi,
  CurrencyApi,
  PriceListEntriesApi,
  PriceListsApi,
  ProductPropertiesApi,
  ProductsApi
}
const clients = { ...inventory, ...locationAdmin, ...others }

/** Every method of the SDK that is in question, as `Class.method`: for inventory, batch jobs and what feeds them. */
function methods() {
  const classes = Object.entries(inventory).filter(
    ([name, value]) => typeof value === 'function' && name.endsWith('Api')
  )
  classes.push(...Object.entries(others))
  return classes
    .flatMap(([name, api]) =>
      Object.getOwnPropertyNames(api.prototype)
        .filter((method) => method !== 'constructor' && !method.endsWith('Raw'))
        .map((method) => `${name}.${method}`)
    )
    .sort()
}

/** One class of the SDK, ready to call; `called` is told each method and its answer. */
function api(name, called = () => {}) {
  const instance = new clients[name](configuration)
  return new Proxy(instance, {
    get(target, property) {
      const value = target[property]
      if (typeof value !== 'function') return value
      return async (...given) => {
        const answer = await value.apply(target, given)
        called(`${name}.${String(property)}`, answer)
        return answer
      }
    }
  })
}

async function control(method, path, body) {
  const response = await fetch(`${URL_OF_SIMULATOR}/_simulator/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body)
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return JSON.parse(text)
}

/** A call that the SDK has no method for, made in its manner: same host, same token. */
class Plain extends BaseAPI {
  async post(path, body) {
    const headers = { 'Content-Type': 'application/json' }
    await this.addAuthorizationHeaders(headers)
    return await this.request({ path, method: 'POST', headers, body })
  }
}

/** The helpers of one case; all it makes is named after it, so that cases do not meet. */
class Session {
  constructor(name, called) {
    this.name = name
    this.tenant = TENANT
    this.api = (api_name) => api(api_name, called)
    this.modify = this.api('ModifyInventoryApi')
    this.control = control
  }

  /** Let all jobs run to their end: the clock stands still otherwise. */
  async settle() {
    await control('POST', 'clock/advance', { untilIdle: true })
  }

  /** Let days pass. The SDK keeps its token by its own clock, so it is told that the token is old. */
  async later(days) {
    await control('POST', 'clock/advance', { seconds: days * 86400 })
    const ticket = await apiAuthMemCache.getAuthTicket(CLIENT_ID)
    if (ticket) await apiAuthMemCache.setAuthTicket(CLIENT_ID, { ...ticket, expires_at: 0 })
  }

  /** Today on the simulator's clock plus some days, as Kibo writes dates: an offset without a colon. */
  async date(days) {
    const { now } = await control('GET', 'clock')
    return new Date(Date.parse(now.slice(0, 19) + 'Z') + days * 86400e3).toISOString().slice(0, 19) + '+0000'
  }

  /** A location of this case's own. */
  async location(suffix = 'A', more = {}) {
    const locationCode = `${this.name}-${suffix}`
    await this.api('InventoryLocationApi').saveLocation({
      locationRequest: {
        tenantID: this.tenant,
        locationCode,
        locationName: `Location ${locationCode}`,
        active: true,
        directShip: true,
        pickup: true,
        ...more
      }
    })
    return locationCode
  }

  async locationID(locationCode) {
    const [location] = await this.api('InventoryLocationApi').getLocations({ locationCode })
    return location.locationID
  }

  /** A tag category with tags given as [value, percent]; the SDK has no call for it, Kibo's older ones have. */
  async category(name, ...tags) {
    await new Plain(configuration).post('/commerce/inventory/v1/tagCategory', {
      name,
      tags: tags.map(([tagValue, percent], place) => ({ tagValue, percent, isDefault: place === 0 }))
    })
  }

  /** A tenant may have few categories only. */
  async forget(category) {
    await this.api('InventoryTagCategoryApi').deleteTagCategory({ tagCategoryName: category })
  }

  /** A product of this case's own. */
  product(suffix = '1') {
    return { partNumber: `${this.name}.${suffix}`.replaceAll('.', '-') }
  }

  /** Set quantities at once. */
  async stock(locationCode, ...items) {
    await this.modify.smartRefreshInventory({ refreshRequest: { locationCode, items } })
  }

  /** What is known of some products, at one location or all. */
  async rows(items, more = {}) {
    return await this.api('InventoryApi').postQueryInventory({
      inventoryRequest: { type: 'ANY', items, includeNegativeInventory: true, ...more }
    })
  }

  /** The one row of a product at a location. */
  async row(locationCode, item, more = {}) {
    const rows = await this.rows([item], { locationWhitelist: [locationCode], ...more })
    if (rows.length !== 1) throw new Error(`expected one row of ${JSON.stringify(item)}, got ${JSON.stringify(rows)}`)
    return rows[0]
  }

  /** [onHand, available, allocated, pending] of a product at a location. */
  async counters(locationCode, item) {
    const { onHand, available, allocated, pending } = await this.row(locationCode, item)
    return [onHand, available, allocated, pending]
  }

  /** A batch job of this case's own. */
  async batch(suffix = 'A', more = {}) {
    const code = `${this.name}-${suffix}`
    await this.api('BatchJobApi').createBatchJob({ batchJob: { code, name: `Job ${code}`, domain: 'Catalog', ...more } })
    return code
  }

  /** Start a batch job, or what else can be asked of it. */
  async act(code, action = 'Start') {
    return await this.api('BatchJobApi').performBatchAction({ code, batchJobAction: { action } })
  }

  /** Add a catalog product, at once or as an item of a batch job; its code. */
  async catalogProduct(suffix = '1', batchJobCode = undefined, more = {}) {
    const productCode = `${this.name}-${suffix}`
    const content = { localeCode: 'en-US', productName: `Product ${suffix}` }
    const catalogAdminsProduct = { productCode, content, ...more }
    await this.api('ProductsApi').addProduct({ batchJobCode, catalogAdminsProduct })
    return productCode
  }

  /** A price list of this case's own. */
  async priceList(suffix = 'A') {
    const priceListCode = `${this.name}-${suffix}`
    await this.api('PriceListsApi').addPriceList({ catalogAdminsPriceList: { priceListCode, name: `List ${suffix}` } })
    return priceListCode
  }

  async job(jobID) {
    return await this.api('InventoryJobApi').getJob({ jobID })
  }
}

module.exports = { Session, api, configuration, control, methods }
