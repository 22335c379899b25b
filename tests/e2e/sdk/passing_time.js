'use strict'

// Loaded before a program of the guide: its waits move the simulator's clock, and its own, instead of lasting.

const timers = require('node:timers/promises')
const { control } = require('./session')

const now = Date.now
let passed = 0
Date.now = () => now() + passed

timers.setTimeout = async (delay, value) => {
  await control('POST', 'clock/advance', { seconds: delay / 1000 })
  passed += delay
  return value
}
