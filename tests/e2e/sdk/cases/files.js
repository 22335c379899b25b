'use strict'

// What is exported and where to, and where import files are fetched from: settings, not yet files.

const assert = require('node:assert/strict')

const FTP = { name: 'nightly', ftpServer: 'ftp.example.test', ftpPort: 22, ftpDirectory: '/out' }
const S3 = { name: 'archive', region: 'us-east-1', bucket: 'exports' }

/** Settings named after the case, with one FTP delivery. */
async function created(t, more = {}) {
  const exportSettings = { name: t.name, fileFormat: 'CSV', exportType: 'LOCATION', ftpInformation: [FTP], ...more }
  return await t.api('ExportInventoryApi').createExportSettings({ createExportSettingsRequest: { exportSettings } })
}

async function read(t, exportSettingsName = t.name) {
  const rows = await t.api('ExportInventoryApi').getExportSettings({ exportSettingsName })
  return rows.map((row) => row.exportSettings)
}

module.exports = {
  'ExportInventoryApi.createExportSettings': async (t) => {
    const answer = await created(t, { onlySendAvailable: true, safetyStock: 'SAFETY_STOCK_SUM', s3Information: [S3] })

    assert.deepEqual(answer, {
      exportSettingsName: t.name,
      exportSettingsFTPName: FTP.name,
      exportSettingsS3Name: S3.name
    })
    const [settings] = await read(t)
    assert.deepEqual(
      [settings.name, settings.fileFormat, settings.exportType, settings.onlySendAvailable, settings.safetyStock],
      [t.name, 'CSV', 'LOCATION', true, 'SAFETY_STOCK_SUM']
    )
    await assert.rejects(created(t), (error) => error.apiError.errorCode === 'JOB_ALREADY_EXISTS')
  },

  'ExportInventoryApi.getExportSettings': async (t) => {
    await created(t, { ftpInformation: [{ ...FTP, ftpUser: 'kibo', ftpPassword: 'never-shown' }] })
    const [settings] = await read(t)

    assert.deepEqual(
      settings.ftpInformation.map((each) => [each.name, each.ftpServer, each.ftpPort, each.ftpDirectory, each.ftpUser]),
      [[FTP.name, FTP.ftpServer, 22, '/out', 'kibo']]
    )
    assert.ok(!JSON.stringify(settings).includes('never-shown'))
    const every = await t.api('ExportInventoryApi').getExportSettings()
    assert.ok(every.some((row) => row.exportSettings.name === t.name))
    assert.deepEqual(await read(t, 'no such settings'), [])
  },

  'ExportInventoryApi.updateExportSettings': async (t) => {
    await created(t)
    const answer = await t.api('ExportInventoryApi').updateExportSettings({
      updateExportSettingsRequest: {
        exportSettings: { name: t.name, fileFormat: 'XML', exportType: 'AGGREGATE', ftpInformation: [FTP] }
      }
    })

    assert.deepEqual([answer.tenantID, answer.name, answer.success], [t.tenant, t.name, true])
    const [settings] = await read(t)
    assert.deepEqual([settings.fileFormat, settings.exportType], ['XML', 'AGGREGATE'])
  },

  'ExportInventoryApi.deleteExportSettings': async (t) => {
    await created(t)
    const { deleted } = await t.api('ExportInventoryApi').deleteExportSettings({ exportSettingsName: t.name })

    assert.deepEqual([deleted, await read(t)], [1, []])
  },

  'ExportInventoryApi.createExportSettingsFTP': async (t) => {
    await created(t)
    const answer = await t.api('ExportInventoryApi').createExportSettingsFTP({
      createExportSettingsFTPRequest: { exportSettingsName: t.name, exportSettingsFTP: { ...FTP, name: 'second' } }
    })

    assert.deepEqual([answer.exportSettingsName, answer.exportSettingsFTPName], [t.name, 'second'])
    const [settings] = await read(t)
    assert.deepEqual(
      settings.ftpInformation.map((each) => each.name),
      ['nightly', 'second']
    )
  },

  'ExportInventoryApi.updateExportSettingsFTP': async (t) => {
    await created(t)
    const answer = await t.api('ExportInventoryApi').updateExportSettingsFTP({
      updateExportSettingsFTPRequest: {
        exportSettingsName: t.name,
        exportSettingsFTP: { ...FTP, ftpDirectory: '/new' }
      }
    })

    assert.deepEqual(
      [answer.tenantID, answer.exportSettingsName, answer.exportSettingsFTPName],
      [t.tenant, t.name, FTP.name]
    )
    const [settings] = await read(t)
    assert.deepEqual(
      settings.ftpInformation.map((each) => each.ftpDirectory),
      ['/new']
    )
  },

  'ExportInventoryApi.deleteExportSettingsFTP': async (t) => {
    await created(t, { ftpInformation: [FTP, { ...FTP, name: 'second' }] })
    const { deleted } = await t
      .api('ExportInventoryApi')
      .deleteExportSettingsFTP({ exportSettingsName: t.name, exportSettingsFTPName: 'second' })

    assert.equal(deleted, 1)
    const [settings] = await read(t)
    assert.deepEqual(
      settings.ftpInformation.map((each) => each.name),
      ['nightly']
    )
  },

  'ExportInventoryApi.createExportSettingsS3': async (t) => {
    await created(t)
    const answer = await t.api('ExportInventoryApi').createExportSettingsS3({
      createExportSettingsS3Request: { exportSettingsName: t.name, exportSettingsS3: S3 }
    })

    assert.deepEqual([answer.exportSettingsName, answer.exportSettingsS3Name], [t.name, S3.name])
    const [settings] = await read(t)
    assert.deepEqual(
      settings.s3Information.map((each) => [each.name, each.region, each.bucket]),
      [[S3.name, S3.region, S3.bucket]]
    )
  },

  'ExportInventoryApi.updateExportSettingsS3': async (t) => {
    await created(t, { s3Information: [S3] })
    const answer = await t.api('ExportInventoryApi').updateExportSettingsS3({
      updateExportSettingsS3Request: { exportSettingsName: t.name, exportSettingsS3: { ...S3, bucket: 'other' } }
    })

    const [settings] = await read(t)
    const [stored] = settings.s3Information
    assert.deepEqual([stored.bucket, answer.tenantID], ['other', t.tenant])
    assert.deepEqual([answer.exportSettingsS3ID, typeof answer.exportSettingsID], [stored.exportSettingsS3ID, 'number'])
  },

  'ExportInventoryApi.deleteExportSettingsS3': async (t) => {
    await created(t, { s3Information: [S3] })
    const { deleted } = await t
      .api('ExportInventoryApi')
      .deleteExportSettingsS3({ exportSettingsName: t.name, exportSettingsS3Name: S3.name })

    assert.equal(deleted, 1)
    const [settings] = await read(t)
    assert.deepEqual(settings.s3Information ?? [], [])
  },

  'ExportInventoryApi.runExport': async (t) => {
    await created(t)
    const api = t.api('ExportInventoryApi')
    const answer = await api.runExport({
      exportInventoryRequest: { exportSettingsName: t.name, exportSettingsFTPName: FTP.name }
    })

    assert.ok(Array.isArray(answer.exportInventoryJobResponses))
    const unknown = api.runExport({ exportInventoryRequest: { exportSettingsName: 'no such settings' } })
    await assert.rejects(unknown, (error) => error.response.status === 400)
  },

  'InventoryFetchFileConfigApi.saveFetchConfig': async (t) => {
    const number = await fetching(t)
    const api = t.api('InventoryFetchFileConfigApi')
    await api.saveFetchConfig({
      fetchFileConfigRequest: { ...FETCH, lockName: t.name, fetchFileConfigID: number, ftpRemotePath: '/elsewhere' }
    })

    const [config] = await configs(t)
    assert.deepEqual(
      [config.fetchFileConfigID, config.active, config.lockName, config.ftpRemotePath, config.refreshEnabled],
      [number, true, t.name, '/elsewhere', true]
    )
    const incomplete = api.saveFetchConfig({
      fetchFileConfigRequest: { ...FETCH, lockName: t.name, ftpServer: undefined }
    })
    await assert.rejects(incomplete, (error) => error.apiError.message.includes('ftpServer'))
  },

  'InventoryFetchFileConfigApi.getFetchConfig': async (t) => {
    const number = await fetching(t)
    const answer = await t.api('InventoryFetchFileConfigApi').getFetchConfig()
    const [config] = answer.items.filter((each) => each.lockName === t.name)

    assert.deepEqual(
      [config.fetchFileConfigID, config.tenantID, config.ftpServer, config.ftpUsername, config.postProcessAction],
      [number, t.tenant, FETCH.ftpServer, FETCH.ftpUsername, 1]
    )
    assert.ok(!JSON.stringify(answer).includes(FETCH.ftpPassword))
  },

  'InventoryFetchFileConfigApi.testConnection': async (t) => {
    const number = await fetching(t)
    const api = t.api('InventoryFetchFileConfigApi')
    const answer = await api.testConnection({ fetchFileConfigID: number })

    for (const list of ['ftpFiles', 'ftpArchiveFiles', 's3Files', 's3ArchiveFiles'])
      assert.ok(Array.isArray(answer[list]))
    await assert.rejects(api.testConnection({ fetchFileConfigID: 10 ** 9 }), (error) => error.response.status === 400)
  },

  'InventoryFetchFileConfigApi.deleteFetchConfig': async (t) => {
    const number = await fetching(t)
    const api = t.api('InventoryFetchFileConfigApi')

    assert.equal((await api.deleteFetchConfig({ fetchFileConfigID: number })).deleted, true)
    assert.deepEqual(await configs(t), [])
    assert.equal((await api.deleteFetchConfig({ fetchFileConfigID: number })).deleted, false)
  }
}

const FETCH = {
  active: true,
  postProcessAction: 1,
  refreshEnabled: true,
  ftpServer: 'ftp.example.test',
  ftpUsername: 'kibo',
  ftpPassword: 'never-shown-either',
  ftpRemotePath: '/in'
}

/** The configurations of this case. */
async function configs(t) {
  const { items } = await t.api('InventoryFetchFileConfigApi').getFetchConfig()
  return items.filter((each) => each.lockName === t.name)
}

/** A new configuration of this case; its number. */
async function fetching(t) {
  await t.api('InventoryFetchFileConfigApi').saveFetchConfig({ fetchFileConfigRequest: { ...FETCH, lockName: t.name } })
  return (await configs(t))[0].fetchFileConfigID
}
