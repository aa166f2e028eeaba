const assert = require('node:assert/strict');
const { test } = require('node:test');

const { AppsScript } = require('./apps_script.js');

const BACKEND = 'https://tiktok-shop-source.example';
const GOOD = 'tts_good';

/** A backend that knows one key. */
function backend(url, options) {
  const known = options.headers.Authorization === `Bearer ${GOOD}`;
  return known
    ? { body: { workspace: { id: 'default' } } }
    : { status: 401, body: { error: { code: 'unauthorised', message: 'This API key is not valid.' } } };
}

function down() {
  throw new Error('Exception: Address unavailable: ' + BACKEND);
}

test('the way in is a key, and the help page says where it is', () => {
  const script = new AppsScript(backend);
  assert.deepEqual(script.call('getAuthType'), {
    type: 'KEY',
    helpUrl: `${BACKEND}/about/support#key`,
  });
});

test('a right key is checked with one call and kept', () => {
  const script = new AppsScript(backend);
  assert.deepEqual(script.call('setCredentials', { key: GOOD }), { errorCode: 'NONE' });
  assert.equal(script.store.userProperties.get('key'), GOOD);
  assert.deepEqual(
    script.fetched.map(({ url, method }) => [method, url]),
    [['get', `${BACKEND}/connector/v1/whoami`]],
  );
  assert.equal(script.call('isAuthValid'), true);
  assert.equal(script.fetched.length, 1);
});

test('blanks around a pasted key do not matter', () => {
  const script = new AppsScript(backend);
  assert.deepEqual(script.call('setCredentials', { key: `  ${GOOD}\n` }), { errorCode: 'NONE' });
  assert.equal(script.store.userProperties.get('key'), GOOD);
});

test('a wrong key is refused and the right one before it stays', () => {
  const script = new AppsScript(backend);
  script.call('setCredentials', { key: GOOD });
  const answer = script.call('setCredentials', { key: 'tts_wrong' });
  assert.deepEqual(answer, { errorCode: 'INVALID_CREDENTIALS' });
  assert.equal(script.store.userProperties.get('key'), GOOD);
});

for (const key of ['', '   ', undefined, null, 'two words', 'schlüssel', 'x'.repeat(5000)]) {
  test(`what can be no key is refused without a call: ${String(key).slice(0, 12)}`, () => {
    const script = new AppsScript(backend);
    const answer = script.call('setCredentials', { key });
    assert.deepEqual(answer, { errorCode: 'INVALID_CREDENTIALS' });
    assert.equal(script.fetched.length, 0);
  });
}

test('while the backend is down a new key is not called wrong', () => {
  const script = new AppsScript(down);
  assert.match(script.refusal('setCredentials', { key: GOOD }).text, /cannot be reached/);
  assert.equal(script.store.userProperties.size, 0);
});

test('without a key nobody is signed in, and nothing is asked', () => {
  const script = new AppsScript(backend);
  assert.equal(script.call('isAuthValid'), false);
  assert.equal(script.fetched.length, 0);
});

test('a key that was revoked asks for a new one after five minutes at most', () => {
  const script = new AppsScript(backend);
  script.call('setCredentials', { key: GOOD });
  script.answer = () => ({ status: 401, body: {} });
  assert.equal(script.call('isAuthValid'), true);
  script.store.now += 300_000;
  assert.equal(script.call('isAuthValid'), false);
});

test('a key that an answer calls wrong asks for a new one at once', () => {
  const script = new AppsScript(backend);
  script.call('setCredentials', { key: GOOD });
  script.answer = (url, options) => backend(url, { ...options, headers: { Authorization: 'none' } });
  assert.match(script.refusal('getData', { fields: [] }).text, /key is missing or not valid any more/);
  assert.equal(script.call('isAuthValid'), false);
});

test('while the backend is down nobody is asked to enter a good key again', () => {
  const script = new AppsScript(backend);
  script.call('setCredentials', { key: GOOD });
  script.store.now += 300_000;
  script.answer = down;
  assert.equal(script.call('isAuthValid'), true);
});

for (const [what, answer] of [
  ['an address that cannot be reached', down],
  ['a proxy without a backend', () => ({ status: 502, body: '<html>Bad gateway</html>' })],
]) {
  test(`nobody waits for a second attempt at a key: ${what}`, () => {
    const script = new AppsScript(answer);
    script.store.userProperties.set('key', GOOD);
    assert.equal(script.call('isAuthValid'), true);
    assert.equal(script.fetched.length, 1);
    assert.deepEqual(script.sleeps, []);
  });
}

test('an answer that a key was good is believed for five minutes, and no other is kept', () => {
  const script = new AppsScript(backend);
  script.store.userProperties.set('key', GOOD);
  for (let times = 0; times < 3; times += 1) {
    assert.equal(script.call('isAuthValid'), true);
  }
  assert.equal(script.fetched.length, 1);
  script.store.now += 299_999;
  script.call('isAuthValid');
  assert.equal(script.fetched.length, 1);
  script.store.now += 1;
  script.answer = down;
  script.call('isAuthValid');
  script.call('isAuthValid');
  assert.equal(script.fetched.length, 3);
});

for (const status of [403, 500]) {
  test(`a new key of which the backend says ${status} is not called wrong`, () => {
    const body = { error: { code: 'forbidden', message: 'Ask whoever runs it.' } };
    const script = new AppsScript(() => ({ status, body }));
    assert.equal(script.refusal('setCredentials', { key: GOOD }).text, 'Ask whoever runs it.');
    assert.equal(script.store.userProperties.size, 0);
    script.store.userProperties.set('key', GOOD);
    assert.equal(script.call('isAuthValid'), true);
  });
}

test('the key is written to no log', () => {
  const script = new AppsScript(down);
  script.store.userProperties.set('key', GOOD);
  script.call('isAuthValid');
  script.refusal('getData', { fields: [] });
  assert.ok(script.logged.length > 0);
  assert.ok(script.logged.every((text) => !text.includes(GOOD)));
});

test('signing out forgets the key', () => {
  const script = new AppsScript(backend);
  script.call('setCredentials', { key: GOOD });
  script.call('resetAuth');
  assert.equal(script.store.userProperties.size, 0);
  assert.equal(script.call('isAuthValid'), false);
  assert.match(script.refusal('getConfig', {}).text, /key is missing/);
});

test('errors are shown in full only where the script says so', () => {
  const script = new AppsScript(backend);
  assert.equal(script.call('isAdminUser'), false);
  script.store.scriptProperties.set('SHOW_ERRORS', 'true');
  assert.equal(script.call('isAdminUser'), true);
});
