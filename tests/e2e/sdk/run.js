'use strict'

// Runs every case against a served simulator and prints one line of JSON for each method of the SDK.

const { readdirSync } = require('node:fs')
const { join } = require('node:path')
const { Session, api, methods } = require('./session')
const notSimulated = require('./not_simulated.json')

const directory = join(__dirname, 'cases')
const cases = Object.assign(
  {},
  ...readdirSync(directory)
    .sort()
    .map((file) => require(join(directory, file)))
)

function told(error) {
  const status = error.response?.status
  const code = error.apiError?.errorCode
  const where = error.apiError ? ` ${status} ${code} ${JSON.stringify(error.apiError)}` : ''
  return `${error.name}: ${error.message}${where}\n${(error.stack ?? '').split('\n').slice(1, 4).join('\n')}`
}

async function runCase(method) {
  const answers = []
  const note = (name, answer) => {
    if (name === method) answers.push(answer)
  }
  try {
    await cases[method](new Session(method.replace('Api.', '-'), note))
  } catch (error) {
    return { outcome: 'failed', detail: told(error) }
  }
  return answers.length ? { outcome: 'passed', answers } : { outcome: 'failed', detail: 'its case never calls it' }
}

/** A method that is said not to be simulated must find nothing where it goes. */
async function probe(method) {
  const [name, call] = method.split('.')
  const anything = new Proxy({}, { get: () => '1' })
  try {
    await api(name)[call](anything)
  } catch (error) {
    if (error.response?.status === 404 && error.apiError?.errorCode === 'NOT_FOUND') return { outcome: 'not simulated' }
    return { outcome: 'failed', detail: `no longer missing: take it off the table. ${told(error)}` }
  }
  return { outcome: 'failed', detail: 'no longer missing: take it off the table' }
}

async function main() {
  for (const method of methods()) {
    let result
    if (method in notSimulated) result = await probe(method)
    else if (method in cases) result = await runCase(method)
    else result = { outcome: 'failed', detail: 'there is no case for it' }
    process.stdout.write(JSON.stringify({ method, ...result }) + '\n')
  }
  for (const method of [...Object.keys(cases), ...Object.keys(notSimulated)].filter(
    (each) => !methods().includes(each)
  )) {
    process.stdout.write(JSON.stringify({ method, outcome: 'failed', detail: 'the SDK has no such method' }) + '\n')
  }
}

main()
