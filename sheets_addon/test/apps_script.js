/**
 * A made-up Apps Script with a made-up spreadsheet: each call runs Code.js in a fresh VM that holds
 * the services the script uses and nothing else.
 */

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const CODE = fs.readFileSync(path.join(__dirname, '..', 'Code.js'), 'utf8');

class Spreadsheet {
  /** `answer(url, options)` gives {status, body}; `blocks`: named range -> its cells. */
  constructor(answer = () => ({ status: 202, body: { refreshing: 1 } })) {
    this.answer = answer;
    this.blocks = {};
    this.properties = new Map();
    this.menu = null;
    this.toasts = [];
    this.alerts = [];
    this.fetched = [];
    this.typed = null;
  }

  call(name) {
    const context = vm.createContext(this._services());
    vm.runInContext(CODE, context);
    context[name]();
  }

  _services() {
    const ui = {
      Button: { OK: 'OK', CANCEL: 'CANCEL' },
      ButtonSet: { OK: 'OK', OK_CANCEL: 'OK_CANCEL' },
      createMenu: (title) => this._menu(title),
      prompt: () => ({
        getSelectedButton: () => (this.typed === null ? 'CANCEL' : 'OK'),
        getResponseText: () => this.typed,
      }),
      alert: (title, text) => void this.alerts.push(text),
    };
    const spreadsheet = {
      toast: (text) => void this.toasts.push(text),
      getNamedRanges: () =>
        Object.entries(this.blocks).map(([name, cells]) => ({
          getName: () => name,
          getRange: () => ({ getDisplayValues: () => cells }),
        })),
    };
    return {
      SpreadsheetApp: { getUi: () => ui, getActiveSpreadsheet: () => spreadsheet },
      PropertiesService: {
        getDocumentProperties: () => ({
          getProperty: (name) => this.properties.get(name) ?? null,
          setProperty: (name, value) => void this.properties.set(name, value),
        }),
      },
      UrlFetchApp: { fetch: (url, options) => this._fetch(url, options) },
      console: { warn() {} },
    };
  }

  _menu(title) {
    const items = [];
    this.menu = { title, items };
    const menu = {
      addItem(label, name) {
        items.push([label, name]);
        return menu;
      },
      addSeparator: () => menu,
      addToUi() {},
    };
    return menu;
  }

  _fetch(url, options) {
    this.fetched.push({ url, ...options });
    const { status, body = '' } = this.answer(url, options);
    if (!options.muteHttpExceptions && status > 299) {
      throw new Error(`Exception: Request failed for ${url} returned code ${status}.`);
    }
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { getResponseCode: () => status, getContentText: () => text };
  }
}

module.exports = { CODE, Spreadsheet };
