const assert = require('node:assert/strict');
const { test } = require('node:test');

const { CODE, Spreadsheet } = require('./apps_script.js');

const LINE = 'https://hub.example#tts_0123456789abcdef_secret-part';

function connected(answer) {
  const sheet = new Spreadsheet(answer);
  sheet.typed = `  ${LINE}\n`;
  sheet.call('connect');
  sheet.toasts.length = 0;
  return sheet;
}

test('the menu has what it says, and every entry is there', () => {
  const sheet = new Spreadsheet();
  sheet.call('onOpen');
  assert.equal(sheet.menu.title, 'TikTok Shop');
  assert.deepEqual(sheet.menu.items.map(([label]) => label), ['Refresh', 'Status', 'Connect…']);
  for (const [, name] of sheet.menu.items) {
    assert.match(CODE, new RegExp(`^function ${name}\\(`, 'm'));
  }
});

test('the line of the server is kept with the spreadsheet', () => {
  const sheet = connected();
  assert.equal(sheet.properties.get('connection'), LINE);
});

for (const line of ['', 'tts_0123', 'http://hub.example#tts_a', 'https://hub.example', 'https://a b#tts_c']) {
  test(`what is no line is not kept: ${line}`, () => {
    const sheet = new Spreadsheet();
    sheet.typed = line;
    sheet.call('connect');
    assert.equal(sheet.properties.size, 0);
    assert.match(sheet.toasts[0], /not the line/);
  });
}

test('who cancels keeps the connection there was', () => {
  const sheet = connected();
  sheet.typed = null;
  sheet.call('connect');
  assert.equal(sheet.properties.get('connection'), LINE);
  assert.equal(sheet.toasts.length, 0);
});

test('refresh asks the server once, with the key in the header and not in the address', () => {
  const sheet = connected();
  sheet.call('refresh');
  assert.equal(sheet.fetched.length, 1);
  const { url, method, headers } = sheet.fetched[0];
  assert.equal(url, 'https://hub.example/sheets/refresh');
  assert.equal(method, 'post');
  assert.equal(headers.Authorization, 'Bearer tts_0123456789abcdef_secret-part');
  assert.match(sheet.toasts[0], /^The export is being refreshed/);
});

test('several exports are counted, none is said', () => {
  const several = connected(() => ({ status: 202, body: { refreshing: 3 } }));
  several.call('refresh');
  assert.match(several.toasts[0], /^The 3 exports are being refreshed/);
  const none = connected(() => ({ status: 202, body: { refreshing: 0 } }));
  none.call('refresh');
  assert.match(none.toasts[0], /Nothing is exported/);
});

test('without a connection nothing is asked', () => {
  const sheet = new Spreadsheet();
  sheet.call('refresh');
  assert.equal(sheet.fetched.length, 0);
  assert.match(sheet.toasts[0], /not connected yet/);
});

for (const [status, said] of [
  [401, /not valid any more/],
  [403, /not valid any more/],
  [404, /Nothing is exported/],
  [429, /no time at the moment/],
  [502, /cannot be reached/],
]) {
  test(`a refusal is told in a sentence: ${status}`, () => {
    const sheet = connected(() => ({ status, body: '<html>' }));
    sheet.call('refresh');
    assert.match(sheet.toasts[0], said);
  });
}

test('a server that is down is told in a sentence', () => {
  const sheet = connected(() => {
    throw new Error('Exception: Address unavailable');
  });
  sheet.call('refresh');
  assert.match(sheet.toasts[0], /cannot be reached/);
});

test('the status is what the blocks in the spreadsheet say', () => {
  const sheet = new Spreadsheet();
  sheet.blocks = {
    tiktok_shop_ab12: [['Date', 'GMV']],
    my_own_range: [['x', 'y']],
    tiktok_shop_ab12_status: [
      ['Export', 'Sales', 'State', 'Failed'],
      ['Last success', '2026-08-20 12:00:00', 'Rows', '3'],
      ['Next run', '', 'Message', 'Share it.'],
    ],
    tiktok_shop_cd34_status: [['Export', 'Orders'], ['State', 'OK']],
  };
  sheet.call('showStatus');
  assert.deepEqual(sheet.alerts, [
    'Sales: Failed\nLast success: 2026-08-20 12:00:00\nRows: 3\nMessage: Share it.\n\nOrders: OK',
  ]);
});

test('a spreadsheet without exports says so', () => {
  const sheet = new Spreadsheet();
  sheet.call('showStatus');
  assert.match(sheet.alerts[0], /no export/);
});
