'use strict'

// Loaded before a program of the guide: its clock stands still as the simulator's does, and its waits move both.

const timers = require('node:timers/promises')
const { control } = require('./session')

let now = Date.now()
Date.now = () => now

timers.setTimeout = async (delay, value) => {
  await control('POST', 'clock/advance', { seconds: delay / 1000 })
  now += delay
  return value
}
