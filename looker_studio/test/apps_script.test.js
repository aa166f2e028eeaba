const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { AppsScript } = require('./apps_script.js');

/** A script with this body of `run()`, on a fresh Apps Script. */
function running(body, answer = () => ({})) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'script-'));
  fs.writeFileSync(path.join(folder, 'Code.js'), `function run() { ${body} }`);
  fs.writeFileSync(
    path.join(folder, 'appsscript.json'),
    '{"urlFetchWhitelist": ["https://allowed.example/v1/"]}',
  );
  const script = new AppsScript(answer, { folder });
  fs.rmSync(folder, { recursive: true });
  return () => script.call('run');
}

const CONNECTOR = 'DataStudioApp.createCommunityConnector()';

const REFUSED = {
  'a cache value over 100 KB': "CacheService.getUserCache().put('a', 'x'.repeat(102401), 60)",
  'a cache name over 250 characters': "CacheService.getUserCache().get('x'.repeat(251))",
  'a cache value that is no text': "CacheService.getUserCache().put('a', {}, 60)",
  'seven hours of cache': "CacheService.getUserCache().put('a', 'b', 25200)",
  'a property over 9 KB': "PropertiesService.getUserProperties().setProperty('a', 'x'.repeat(9217))",
  'a property that is no text': "PropertiesService.getUserProperties().setProperty('a', null)",
  'an address that is not allowed': "UrlFetchApp.fetch('https://other.example/v1/x')",
  'an address beside the allowed one': "UrlFetchApp.fetch('https://allowed.example/v2/x')",
  'an option that does not exist': "UrlFetchApp.fetch('https://allowed.example/v1/x', {body: ''})",
  'a payload that is no text': "UrlFetchApp.fetch('https://allowed.example/v1/x', {payload: {}})",
  'a method that does not exist': "UrlFetchApp.fetch('https://allowed.example/v1/x', {method: 'POSTT'})",
  'a header with a line break':
    "UrlFetchApp.fetch('https://allowed.example/v1/x', {headers: {A: 'b\\nc'}})",
  'an auth type that does not exist': `${CONNECTOR}.newAuthTypeResponse().setAuthType('APIKEY')`,
  'an auth type nobody set': `${CONNECTOR}.newAuthTypeResponse().build()`,
  'help without credentials': `${CONNECTOR}.newAuthTypeResponse().setAuthType('NONE').setHelpUrl('h').build()`,
  'a misspelt builder': `${CONNECTOR}.newAuthTypeResponse().setHelpUri('h')`,
  'a text that is no text': `${CONNECTOR}.newUserError().setText({})`,
  'unpacking what is not said to be packed': "Utilities.ungzip(Utilities.newBlob('a'))",
  'sleeping ten minutes': 'Utilities.sleep(600000)',
  'running seven minutes': 'Utilities.sleep(210000); Utilities.sleep(210000)',
  'Node and browser': 'return [typeof fetch, typeof require].map((t) => { if (t === "undefined") throw 1; })',
};

for (const [what, body] of Object.entries(REFUSED)) {
  test(`the made-up Apps Script refuses ${what}`, () => {
    assert.throws(running(body));
  });
}

test('it throws on an error status unless it was told not to', () => {
  const fetching = (options) =>
    running(
      `return UrlFetchApp.fetch('https://allowed.example/v1/x', ${options}).getResponseCode()`,
      () => ({ status: 500 }),
    );
  assert.throws(fetching('{}'), /code 500/);
  assert.equal(fetching('{muteHttpExceptions: true}')(), 500);
});

test('nothing of one call is left in the next but properties and cache', () => {
  const script = running('globalThis.seen = (globalThis.seen || 0) + 1; return globalThis.seen');
  assert.deepEqual([script(), script()], [1, 1]);
});
