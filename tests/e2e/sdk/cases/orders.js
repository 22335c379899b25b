'use strict'

// Holding stock for orders and carts, and shipping it. Counters are [onHand, available, allocated, pending].

const assert = require('node:assert/strict')

let lastID = 5000

/** Stock of one product, and the item of one order that wants some of it. */
async function ordered(t, onHand, quantity) {
  const locationCode = await t.location()
  const product = t.product()
  await t.stock(locationCode, { ...product, quantity: onHand })
  lastID += 10
  const item = { ...product, locationCode, quantity, orderID: lastID, orderItemID: lastID + 1, shipmentID: lastID + 2 }
  return { locationCode, product, item, orders: t.api('InventoryAllocationApi') }
}

const request = (...items) => ({ allocateInventoryRequest: { items, runSynchronous: true } })

module.exports = {
  'InventoryAllocationApi.allocateInventory': async (t) => {
    const { locationCode, product, item, orders } = await ordered(t, 10, 4)
    await orders.allocateInventory(request(item))
    await t.settle()
    assert.deepEqual(await t.counters(locationCode, product), [10, 6, 4, 0])
    await orders.allocateInventory(
      request({
        ...item,
        quantity: 9,
        orderID: item.orderID + 5,
        orderItemID: item.orderItemID + 5,
        shipmentID: item.shipmentID + 5
      })
    )
    await t.settle()

    const [onHand, , allocated, pending] = await t.counters(locationCode, product)
    assert.deepEqual([onHand, allocated, pending], [10, 10, 3])
  },

  'InventoryAllocationApi.deallocateInventory': async (t) => {
    const { locationCode, product, item, orders } = await ordered(t, 10, 4)
    await orders.allocateInventory(request(item))
    await t.settle()
    await orders.deallocateInventory(request({ ...item, quantity: 1 }))
    await t.settle()

    assert.deepEqual(await t.counters(locationCode, product), [10, 7, 3, 0])
  },

  'InventoryAllocationApi.fulfillInventory': async (t) => {
    const { locationCode, product, item, orders } = await ordered(t, 10, 4)
    await orders.allocateInventory(request(item))
    await t.settle()
    await orders.fulfillInventory(request(item))
    await t.settle()

    assert.deepEqual(await t.counters(locationCode, product), [6, 6, 0, 0])
  },

  'InventoryAllocationApi.transitionCart': async (t) => {
    const { locationCode, product, item, orders } = await ordered(t, 10, 4)
    const cart = { cartID: `${t.name}-cart`, cartItemID: `${t.name}-item` }
    const { orderID, orderItemID, shipmentID, ...held } = item
    await orders.allocateInventory(request({ ...held, ...cart }))
    await t.settle()
    assert.deepEqual(await t.counters(locationCode, product), [10, 6, 4, 0])
    const answer = await orders.transitionCart({
      transitionCartRequest: {
        cartID: cart.cartID,
        orderID,
        locationCode,
        items: [{ cartItemID: cart.cartItemID, orderItemID, shipmentID }]
      }
    })
    await t.settle()

    assert.equal(answer.success, true)
    assert.deepEqual(await t.counters(locationCode, product), [10, 6, 4, 0])
    await orders.fulfillInventory(request(item))
    await t.settle()
    assert.deepEqual(await t.counters(locationCode, product), [6, 6, 0, 0])
  },

  'InventoryBlockAssignmentApi.blockAssignment': async (t) => {
    const locationCode = await t.location()
    const [blocked, free] = [t.product('blocked'), t.product('free')]
    await t.stock(locationCode, { ...blocked, quantity: 5 }, { ...free, quantity: 5 })
    const api = t.api('InventoryBlockAssignmentApi')
    const block = async (blockAssignment) =>
      await api.blockAssignment({
        blockAssignmentRequest: { locationCode, items: [{ ...blocked, quantity: 5, blockAssignment }] }
      })
    const assignable = async () =>
      (await t.rows([blocked, free], { excludeBlockedAssignment: true })).map((row) => row.partNumber)
    const answer = await block(true)

    assert.equal(answer.success, true)
    assert.equal((await t.row(locationCode, blocked)).blockAssignment, true)
    assert.deepEqual(await assignable(), [free.partNumber])
    await block(false)
    assert.deepEqual((await assignable()).sort(), [blocked.partNumber, free.partNumber])
  },

  'InventoryOrderItemApi.getOrderItemInformation': async (t) => {
    const { product, item, orders } = await ordered(t, 10, 4)
    await orders.allocateInventory(request(item))
    await t.settle()
    const rows = await t
      .api('InventoryOrderItemApi')
      .getOrderItemInformation({ orderItemInformationRequest: { orderID: item.orderID, items: [product] } })

    assert.deepEqual(
      rows.map((row) => [row.orderID, row.orderItemID, row.partNumber, row.onHand, row.allocated]),
      [[item.orderID, item.orderItemID, product.partNumber, 10, 4]]
    )
    assert.deepEqual(
      rows[0].events.map((event) => [event.eventType, event.quantity]),
      [['ALLOCATED', 4]]
    )
  },

  'ShipmentInventoryAllocationApi.getShipmentInventoryAllocations': async (t) => {
    const { item, orders } = await ordered(t, 10, 4)
    await orders.allocateInventory(request(item))
    await t.settle()
    const { shipments } = await t
      .api('ShipmentInventoryAllocationApi')
      .getShipmentInventoryAllocations({ shipmentInventoryAllocationRequest: { shipmentIDs: [item.shipmentID] } })

    assert.deepEqual(
      shipments[item.shipmentID].currentAllocations.map((each) => [each.orderItemID, each.quantity]),
      [[item.orderItemID, 4]]
    )
    assert.deepEqual(shipments[item.shipmentID].futureAllocations ?? [], [])
  }
}
