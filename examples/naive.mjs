// A client as it is often written: it works on a quiet day, and breaks most of the rules on a busy one.
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

const { KIBO_API_HOST, KIBO_AUTH_HOST, KIBO_TENANT, KIBO_CLIENT_ID, KIBO_SHARED_SECRET, KIBO_TASK_FILE } = process.env
const inventory = `${KIBO_API_HOST}/api/commerce/inventory`

async function logIn() {
  const response = await fetch(`${KIBO_AUTH_HOST}/api/platform/applications/authtickets/oauth`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: KIBO_CLIENT_ID,
      client_secret: KIBO_SHARED_SECRET,
      grant_type: 'client_credentials'
    })
  })
  return (await response.json()).access_token
}

async function call(token, method, url, body) {
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'x-vol-tenant': KIBO_TENANT, 'content-type': 'application/json' },
      body: body && JSON.stringify(body)
    })
    if (response.ok) return response.json()
    await pause(1000) // a second should do
  }
  throw new Error(`${method} ${url} failed a hundred times`)
}

async function follow(token, job) {
  for (;;) {
    const { status } = await call(token, 'GET', `${inventory}/v1/queue/${job}`)
    if (status === 'SUCCESS') return
    await pause(1000)
  }
}

const task = JSON.parse(await readFile(KIBO_TASK_FILE, 'utf8'))
const token = await logIn()
const items = task.items.map(({ sku }) => ({ sku }))
const batches = []
for (let at = 0; at < items.length; at += 1000) batches.push(items.slice(at, at + 1000))
const answers = await Promise.all(
  batches.map((items) =>
    call(token, 'POST', `${inventory}/v5/inventory/deleteItems`, { items, locationCodes: task.locationCodes })
  )
)
await Promise.all(answers.flatMap(({ jobIDs }) => jobIDs).map((job) => follow(token, job)))
