const assert = require('node:assert/strict');
const { test } = require('node:test');

const { AppsScript } = require('./apps_script.js');

const REQUEST = { fields: [{ name: 'gmv' }] };
const OK = { body: { rows: [] } };

/** A script whose backend gives these answers in turn, the last one for ever; errors are thrown. */
function answeredBy(...answers) {
  const script = new AppsScript(() => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  });
  script.store.userProperties.set('key', 'tts_good');
  return script;
}

function refused(code, message, more = {}) {
  return { status: more.status || 400, body: { error: { code, message, debug: '', ...more } } };
}

// -- what passes ---------------------------------------------------------------------------------

const PASSING = [
  { status: 502, body: '<html>Bad gateway</html>' },
  { status: 503, body: '<html>Unavailable</html>' },
  { status: 504, body: '' },
  { status: 502, body: { error: { code: 502, status: 'UNAVAILABLE' } } },
  { status: 503, body: { message: 'no healthy upstream' } },
  { status: 504, body: '"upstream request timeout"' },
  { status: 502, body: 'null' },
  new Error('Exception: Service invoked too many times in a short time: urlfetch.'),
  new Error('Exception: Service invoked too many times'),
  new Error('Exception: Address unavailable: https://tiktok-shop-source.example/'),
  new Error('Exception: DNS error: https://tiktok-shop-source.example/'),
  new Error('Exception: Timeout: https://tiktok-shop-source.example/'),
  new Error('Exception: Bandwidth quota exceeded: try reducing the rate of data transfer.'),
];

for (const failure of PASSING) {
  const name = failure.status
    ? `${failure.status} ${JSON.stringify(failure.body)}`
    : failure.message.slice(11, 60);

  test(`tried again after ${name}`, () => {
    const script = answeredBy(failure, failure, OK);
    assert.deepEqual(script.call('getData', REQUEST), OK.body);
    assert.deepEqual(script.sleeps, [1000, 2000]);
  });

  test(`given up in the end after ${name}`, () => {
    const script = answeredBy(failure);
    assert.match(script.refusal('getData', REQUEST).text, /cannot be reached.*refresh the report/);
    assert.deepEqual(script.sleeps, [1000, 2000, 4000, 8000, 16000, 32000]);
    assert.equal(script.fetched.length, 7);
  });
}

test('attempts that take a minute each end long before the six minutes', () => {
  const script = answeredBy({ status: 504, tookMs: 60_000 });
  assert.match(script.refusal('getData', REQUEST).text, /took too long\. Choose a shorter date range/);
  assert.ok(script.longestRunMs < 300_000, `${script.longestRunMs} ms`);
});

// -- what does not -------------------------------------------------------------------------------

const LASTING = [
  ['Exception: Service invoked too many times for one day: urlfetch.', /Google allows.*tomorrow/],
  ['Exception: the response is too large', /too large for Google.*shorter date range/],
  ['Exception: The response exceeds the maximum size', /too large for Google/],
  ['Exception: Size limit of a response', /too large for Google/],
  ['Exception: You do not have permission to call UrlFetchApp.fetch', /cannot be reached/],
];

for (const [message, sentence] of LASTING) {
  test(`not tried again: ${message.slice(11, 45)}`, () => {
    const script = answeredBy(new Error(message));
    const { text, debug } = script.refusal('getData', REQUEST);
    assert.match(text, sentence);
    assert.ok(debug.includes(message));
    assert.equal(script.fetched.length, 1);
  });
}

test('a response of more than 50 MB is told so', () => {
  const script = answeredBy({ body: Buffer.alloc(50 * 1024 * 1024 + 1, 32) });
  assert.match(script.refusal('getData', REQUEST).text, /too large for Google/);
});

const TOLD = [
  refused('unknown_field', 'There is no field called gmw. Did you mean gmv?'),
  refused('bad_date_range', 'The date range ends before it starts.'),
  refused('incompatible_fields', 'GMV and Stock do not go together.'),
  refused('mixed_currency', 'Choose a currency.'),
  refused('too_large', 'Ask for fewer rows.', { status: 413 }),
  refused('unknown_shop', 'This shop is not connected to your workspace.', { status: 404 }),
  refused('reauthorise', 'TikTok no longer gives access. Connect the shop again.', { status: 409 }),
  refused('internal', 'Something went wrong on our side. Try again.', { status: 500 }),
];

for (const answer of TOLD) {
  const { code, message } = answer.body.error;
  test(`the sentence of ${code} is shown as it is, with its reference`, () => {
    answer.body.error.reference = 'ab12';
    answer.body.error.debug = 'for whoever runs the service';
    const script = answeredBy(answer);
    const { text, debug } = script.refusal('getData', REQUEST);
    assert.equal(text, `${message} (Reference ab12)`);
    assert.equal(debug, `getData · ${answer.status} · ${code} · for whoever runs the service`);
    assert.equal(script.fetched.length, 1);
  });
}

test('an import that has only begun is an answer, and not waited for', () => {
  const answer = refused('not_ready', 'The import has only begun (12 % done).', {
    status: 503,
    retry_after: 10,
    reference: 'cd34',
  });
  const script = answeredBy(answer);
  assert.equal(
    script.refusal('getData', REQUEST).text,
    'The import has only begun (12 % done). (Try again in 10 seconds.) (Reference cd34)',
  );
  assert.deepEqual(script.sleeps, []);
});

test('a rate limit says when to try again', () => {
  const limited = (seconds) =>
    answeredBy(refused('rate_limited', 'Too many requests.', { status: 429, retry_after: seconds }));
  assert.match(limited(0.2).refusal('getData', REQUEST).text, /\(Try again in 1 seconds?\.\)$/);
  assert.match(limited(89).refusal('getData', REQUEST).text, /\(Try again in 89 seconds\.\)$/);
  assert.match(limited(90).refusal('getData', REQUEST).text, /\(Try again in 2 minutes\.\)$/);
  assert.match(limited(3600).refusal('getData', REQUEST).text, /\(Try again in 60 minutes\.\)$/);
  assert.match(limited(3601).refusal('getData', REQUEST).text, /\(Try again in 2 hours\.\)$/);
  assert.match(limited(86_400).refusal('getData', REQUEST).text, /\(Try again in 24 hours\.\)$/);
});

test('a revoked key is told what to do about it', () => {
  const script = answeredBy(refused('unauthorised', 'Make a key with a command.', { status: 401 }));
  const { text } = script.refusal('getSchema', REQUEST);
  assert.match(text, /not valid any more\. Sign in at https:\/\/[^ ]+\/looker and make a key/);
  assert.match(text, /Edit connection/);
  assert.ok(!text.includes('command'));
});

for (const body of ['<html>404</html>', '', '[]', '{"error":"text"}', 'null']) {
  test(`an error that is not the backend's shows a sentence all the same: ${body}`, () => {
    const script = answeredBy({ status: 404, body });
    const { text, debug } = script.refusal('getConfig', {});
    assert.match(text, /cannot be read.*about\/support/);
    assert.equal(debug, 'getConfig: HTTP 404');
  });
}

test('an answer that is no JSON is told so', () => {
  const script = answeredBy({ status: 200, body: '<html>Sign in to the hotel Wi-Fi</html>' });
  assert.match(script.refusal('getData', REQUEST).text, /cannot be read/);
});

test('an error of the backend itself is not tried again: it would be the same', () => {
  const script = answeredBy(refused('internal', 'Something went wrong.', { status: 500 }));
  script.refusal('getData', REQUEST);
  assert.equal(script.fetched.length, 1);
  const page = answeredBy({ status: 500, body: '<html>Internal server error</html>' });
  page.refusal('getData', REQUEST);
  assert.equal(page.fetched.length, 1);
});
