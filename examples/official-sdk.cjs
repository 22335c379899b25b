// A bulk deletion with Kibo's own SDK (npm install @kibocommerce/rest-sdk), which never waits or retries by itself:
// a `fetchApi` that does both, and a sequence of requests, are all that it needs to keep the rules.
const { readFileSync, writeFileSync } = require('node:fs')
const { setTimeout: pause } = require('node:timers/promises')
const { Configuration } = require('@kibocommerce/rest-sdk')
const { InventoryJobApi, ModifyInventoryApi } = require('@kibocommerce/rest-sdk/clients/Inventory')

const { KIBO_API_HOST, KIBO_AUTH_HOST, KIBO_TENANT, KIBO_CLIENT_ID, KIBO_SHARED_SECRET, KIBO_TASK_FILE } = process.env
const task = JSON.parse(readFileSync(KIBO_TASK_FILE, 'utf8'))
const JOBS = { limit: 10000 }

let closedUntil = 0

let accessToken = ''

async function patientFetch(url, init) {
  let renewed = false
  for (let attempt = 1; ; attempt += 1) {
    while (Date.now() < closedUntil) await pause(Math.min(closedUntil - Date.now(), 2 ** 31 - 1))
    let seconds = Math.min(60, 2 ** attempt)
    try {
      const response = await fetch(url, init)
      if (response.status === 401 && accessToken && !renewed) {
        renewed = true
        await logIn()
        init = { ...init, headers: { ...init.headers, Authorization: `Bearer ${accessToken}` } }
        continue
      }
      const passing = response.status === 429 || response.status >= 500
      if (!passing || attempt === 10) return response
      const asked = response.headers.get('retry-after') ?? ''
      if (response.status === 429) seconds = /^\d+$/.test(asked) ? Number(asked) : 60
    } catch (error) {
      if (attempt === 10) throw error
    }
    closedUntil = Math.max(closedUntil, Date.now() + 1000 * seconds + 100)
  }
}

async function logIn() {
  accessToken = ''
  const response = await patientFetch(`${KIBO_AUTH_HOST}/api/platform/applications/authtickets/oauth`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: KIBO_CLIENT_ID,
      client_secret: KIBO_SHARED_SECRET,
      grant_type: 'client_credentials'
    })
  })
  accessToken = (await response.json()).access_token
}

async function main() {
  await logIn()
  const configuration = new Configuration({
    tenantId: Number(KIBO_TENANT),
    apiHost: KIBO_API_HOST,
    accessToken: () => accessToken,
    fetchApi: patientFetch
  })
  const inventory = new ModifyInventoryApi(configuration)
  const queue = new InventoryJobApi(configuration)
  const open = new Map()
  const failed = []
  const undone = []

  async function remove(batch, dryRun) {
    try {
      return await inventory.deleteItems({ deleteItemsRequest: { ...batch, dryRun } })
    } catch (error) {
      giveUp(batch, String(error))
      return undefined
    }
  }

  function giveUp({ items, locationCodes }, reason) {
    for (const locationCode of locationCodes) for (const item of items) undone.push({ locationCode, ...item, reason })
  }

  async function look() {
    for (const job of await queue.getJobs(JOBS)) {
      if (!open.has(job.jobID) || !['SUCCESS', 'FAILED'].includes(job.status)) continue
      if (job.status === 'FAILED') failed.push({ ...open.get(job.jobID), locationCodes: [job.locationCode] })
      open.delete(job.jobID)
    }
  }

  async function submit(batches) {
    let lastLook = Date.now()
    for (const batch of batches) {
      const answer = await remove(batch, false)
      for (const job of answer?.jobIDs ?? []) open.set(job, batch)
      await pause(1000 * task.spacingSeconds + 500)
      if (Date.now() - lastLook > 12000) {
        await look()
        lastLook = Date.now()
      }
    }
    for (let interval = 11000; open.size; interval = Math.min(30000, interval * 1.25)) {
      await pause(Math.max(0, lastLook + interval - Date.now()))
      await look()
      lastLook = Date.now()
    }
  }

  const batches = []
  for (let at = 0; at < task.items.length; at += 500) {
    // The upc has no characters that would make a pattern of it.
    const items = task.items.slice(at, at + 500).map(({ upc }) => ({ upc }))
    batches.push({ items, locationCodes: task.locationCodes })
  }
  const found = []
  for (const batch of batches) if (await remove(batch, true)) found.push(batch)
  await submit(found)
  for (let again = 0; again < 2 && failed.length; again += 1) await submit(failed.splice(0))

  for (const batch of failed) giveUp(batch, 'its job failed')
  writeFileSync(task.reportFile, JSON.stringify({ undone }))
  process.exitCode = undone.length ? 1 : 0
}

main()
