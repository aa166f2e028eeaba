const assert = require('node:assert/strict');
const { test } = require('node:test');
const zlib = require('node:zlib');

const { AppsScript } = require('./apps_script.js');

const BACKEND = 'https://tiktok-shop-source.example';
const REQUEST = {
  configParams: { shops: 'all', time_zone: 'UTC' },
  scriptParams: { lastRefresh: 'x1' },
  dateRange: { startDate: '2026-08-01', endDate: '2026-08-31' },
  fields: [{ name: 'date' }, { name: 'gmv' }, { name: 'orders', forFilterOnly: true }],
  dimensionsFilters: [[{ fieldName: 'date', values: [], type: 'EXCLUDE', operator: 'IS_NULL' }]],
  pagination: { startRow: '1', rowCount: '1000' },
  somethingNew: { that: ['we', 'do not know'] },
};

function signedIn(answer) {
  const script = new AppsScript(answer);
  script.store.userProperties.set('key', 'tts_good');
  return script;
}

for (const call of ['getConfig', 'getSchema', 'getData']) {
  test(`${call} is one POST of the request as it came, and the reply as it is`, () => {
    const reply = { any: ['thing', 1, null, false, 0.25, { deep: 'ü 🎧' }] };
    const script = signedIn(() => ({ body: reply }));
    assert.deepEqual(script.call(call, REQUEST), reply);
    assert.equal(script.fetched.length, 1);
    const [sent] = script.fetched;
    assert.equal(sent.url, `${BACKEND}/connector/v1/${call}`);
    assert.equal(sent.method, 'post');
    assert.equal(sent.contentType, 'application/json');
    assert.deepEqual(JSON.parse(sent.payload), REQUEST);
    assert.equal(sent.headers.Authorization, 'Bearer tts_good');
    assert.equal(sent.headers['Accept-Encoding'], 'gzip');
  });
}

test('an answer that is still packed is unpacked', () => {
  const packed = zlib.gzipSync(JSON.stringify({ rows: ['ü'] }));
  const script = signedIn(() => ({ body: packed }));
  // A real getContentText of such bytes is garbage that begins with the first of them.
  assert.deepEqual(script.call('getData', REQUEST), { rows: ['ü'] });
});

test('a schema is asked for once in five minutes', () => {
  let version = 1;
  const script = signedIn(() => ({ body: { schema: [{ name: 'a', version }] } }));
  const first = script.call('getSchema', REQUEST);
  version = 2;
  assert.deepEqual(script.call('getSchema', REQUEST), first);
  assert.equal(script.fetched.length, 1);
  script.store.now += 300_000;
  assert.equal(script.call('getSchema', REQUEST).schema[0].version, 2);
});

test('a schema belongs to a configuration and to a key', () => {
  const script = signedIn(() => ({ body: { schema: [] } }));
  script.call('getSchema', { configParams: { shops: '1' } });
  script.call('getSchema', { configParams: { shops: '2' } });
  script.call('getSchema', {});
  script.store.userProperties.set('key', 'tts_other');
  script.call('getSchema', { configParams: { shops: '1' } });
  assert.equal(script.fetched.length, 4);
});

test('a schema of 400 fields fits the cache, and one that does not is asked for again', () => {
  const field = (number) => ({ name: `f${number}`, description: 'What it says of itself. '.repeat(9) });
  const script = signedIn(() => ({ body: { schema: Array.from({ length: 400 }, (_, n) => field(n)) } }));
  assert.equal(script.call('getSchema', REQUEST).schema.length, 400);
  assert.equal(script.call('getSchema', REQUEST).schema.length, 400);
  assert.equal(script.fetched.length, 1);

  const noise = () => ({ body: { schema: [{ name: require('node:crypto').randomBytes(90_000).toString('base64') }] } });
  const large = signedIn(noise);
  large.call('getSchema', REQUEST);
  large.call('getSchema', REQUEST);
  assert.equal(large.fetched.length, 2);
});

test('neither answers nor configurations are kept here', () => {
  const script = signedIn(() => ({ body: { rows: [] } }));
  for (const call of ['getConfig', 'getConfig', 'getData', 'getData']) {
    script.call(call, REQUEST);
  }
  assert.equal(script.fetched.length, 4);
  assert.equal(script.store.cache.size, 0);
});

test('the key is in no name of the cache and in no address', () => {
  const script = signedIn(() => ({ body: { schema: [] } }));
  script.call('getSchema', REQUEST);
  script.call('isAuthValid');
  const seen = [...script.store.cache.keys(), ...script.fetched.map(({ url }) => url)];
  assert.ok(seen.length > 2);
  assert.ok(seen.every((text) => !text.includes('tts_good')));
});
