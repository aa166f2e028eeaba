/**
 * The menu "TikTok Shop" of a spreadsheet that data is exported to: have it refreshed, and see how
 * its exports stand. The data itself is written by the server; this script never sees any.
 *
 * Bound to the spreadsheet: Extensions, Apps Script, paste this file and appsscript.json. The key
 * that "Connect" asks for can have this spreadsheet refreshed and nothing else, because everybody
 * who may edit the spreadsheet can read it.
 *
 * Contract: developers.google.com/apps-script/guides/menus, .../reference/properties.
 */

const TITLE = 'TikTok Shop';
const CONNECTION = 'connection';

/** What the server shows once: its address, #, the key. */
const LINE = /^(https:\/\/[^\s#]+)#(tts_[\w-]+)$/;

/** The named ranges around the status blocks of exports. */
const STATUS_RANGE = /^tiktok_shop_\w+_status$/;

const SENTENCES = {
  unconnected: 'This spreadsheet is not connected yet. Choose "Connect" in the menu first.',
  line: 'This is not the line from the server: it begins with https:// and has a # in it.',
  connected: 'Connected. "Refresh" has the exports of this spreadsheet refreshed now.',
  key: 'The key is not valid any more. Make a new one under Sheets on the server and connect again.',
  gone: 'Nothing is exported to this spreadsheet any more.',
  limit: 'The server has no time at the moment. Try again in a minute.',
  down: 'The server cannot be reached at the moment. The rows stay as they are; try again in a few minutes.',
  nothing: 'There is no export in this spreadsheet yet.',
};

/**
 * By the status of the server's answer.
 *
 * @type {{[status: number]: string}}
 */
const REFUSALS = { 401: SENTENCES.key, 403: SENTENCES.key, 404: SENTENCES.gone, 429: SENTENCES.limit };

function onOpen() {
  SpreadsheetApp.getUi()
    .createMenu(TITLE)
    .addItem('Refresh', 'refresh')
    .addItem('Status', 'showStatus')
    .addSeparator()
    .addItem('Connect…', 'connect')
    .addToUi();
}

/** Ask for the line and keep it with the spreadsheet. */
function connect() {
  const ui = SpreadsheetApp.getUi();
  const answer = ui.prompt(TITLE, 'Paste the line that the server showed you.', ui.ButtonSet.OK_CANCEL);
  if (answer.getSelectedButton() !== ui.Button.OK) {
    return;
  }
  const line = answer.getResponseText().trim();
  if (!LINE.test(line)) {
    say(SENTENCES.line);
    return;
  }
  PropertiesService.getDocumentProperties().setProperty(CONNECTION, line);
  say(SENTENCES.connected);
}

/** Have every export of this spreadsheet refreshed; the server writes when it has the data. */
function refresh() {
  const connection = connected();
  if (!connection) {
    say(SENTENCES.unconnected);
    return;
  }
  let response;
  try {
    response = UrlFetchApp.fetch(connection.address + '/sheets/refresh', {
      method: 'post',
      headers: { Authorization: 'Bearer ' + connection.key },
      muteHttpExceptions: true,
    });
  } catch (failure) {
    console.warn('The server could not be asked: ' + failure);
    say(SENTENCES.down);
    return;
  }
  const status = response.getResponseCode();
  if (status === 202) {
    say(asked(JSON.parse(response.getContentText()).refreshing));
  } else {
    say(REFUSALS[status] || SENTENCES.down);
  }
}

/** How each export stands, as its status block says. */
function showStatus() {
  const blocks = SpreadsheetApp.getActiveSpreadsheet()
    .getNamedRanges()
    .filter((range) => STATUS_RANGE.test(range.getName()))
    .map((range) => toldBy(range.getRange().getDisplayValues()));
  SpreadsheetApp.getUi().alert(TITLE, blocks.join('\n\n') || SENTENCES.nothing, SpreadsheetApp.getUi().ButtonSet.OK);
}

/** @returns {{address: string, key: string} | null} */
function connected() {
  const line = PropertiesService.getDocumentProperties().getProperty(CONNECTION);
  const parts = line ? LINE.exec(line) : null;
  return parts ? { address: parts[1].replace(/\/+$/, ''), key: parts[2] } : null;
}

/** @param {number} count of exports */
function asked(count) {
  if (!count) {
    return SENTENCES.gone;
  }
  const what = count === 1 ? 'The export is' : 'The ' + count + ' exports are';
  return what + ' being refreshed. The status above each table says when it is done.';
}

/**
 * A status block in a few lines. A line of the block holds labels, each with its value behind it.
 *
 * @param {string[][]} rows
 * @returns {string}
 */
function toldBy(rows) {
  /** @type {Map<string, string>} */
  const told = new Map();
  for (const row of rows) {
    for (let place = 0; place + 1 < row.length; place += 2) {
      told.set(row[place], row[place + 1]);
    }
  }
  const shown = ['Last success', 'Next run', 'Rows', 'Message']
    .filter((label) => told.get(label))
    .map((label) => label + ': ' + told.get(label));
  return [(told.get('Export') || 'Export') + ': ' + (told.get('State') || '?'), ...shown].join('\n');
}

/** @param {string} sentence */
function say(sentence) {
  SpreadsheetApp.getActiveSpreadsheet().toast(sentence, TITLE, 10);
}
