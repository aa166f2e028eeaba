/**
 * A made-up Apps Script for tests: each call runs Code.js in a fresh VM that holds the services the
 * connector uses and nothing else (no fetch, no setTimeout, no require). The services refuse what
 * the real ones refuse. Time passes only by sleeping and by answers that take long.
 *
 * Limits: developers.google.com/apps-script/guides/services/quotas.
 */

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const zlib = require('node:zlib');

const FOLDER = path.join(__dirname, '..');
const LONGEST_CACHED_BYTES = 100 * 1024;
const LONGEST_CACHE_NAME = 250;
const LONGEST_CACHED_SECONDS = 21600;
const LONGEST_PROPERTY_BYTES = 9 * 1024;
const LARGEST_STORE_BYTES = 500 * 1024;
const LARGEST_RESPONSE_BYTES = 50 * 1024 * 1024;
const LONGEST_SLEEP_MS = 300 * 1000;
const LONGEST_RUN_MS = 360 * 1000;

/** What Looker Studio shows when `throwException` of a user error was called. */
class UserError extends Error {
  constructor(text, debug) {
    super(text);
    this.text = text;
    this.debug = debug;
  }
}

function mustBe(type, value, what) {
  if (typeof value !== type) {
    throw new TypeError(`${what} must be a ${type}, not ${value === null ? null : typeof value}`);
  }
  return value;
}

function mustBeOneOf(values, value, what) {
  if (!values.includes(value)) {
    throw new Error(`${what} cannot be ${value}`);
  }
}

/** Bytes as Apps Script has them: numbers from -128 to 127. */
function signed(bytes) {
  return Array.from(Int8Array.from(bytes));
}

function toBytes(value) {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(Int8Array.from(value).buffer);
}

class Blob {
  constructor(bytes, type) {
    this._bytes = bytes;
    this._type = type;
  }
  getBytes() {
    return signed(this._bytes);
  }
  getDataAsString(charset = 'UTF-8') {
    mustBeOneOf(['UTF-8'], charset, 'charset');
    return this._bytes.toString('utf8');
  }
  setContentType(type) {
    this._type = mustBe('string', type, 'content type');
    return this;
  }
}

/** The store of one script: it outlives calls, as properties and cache do. */
class Store {
  constructor() {
    this.now = 1_790_000_000_000;
    this.userProperties = new Map();
    this.scriptProperties = new Map();
    this.cache = new Map();
  }
}

function properties(kept) {
  return {
    getProperty: (name) => kept.get(mustBe('string', name, 'name')) ?? null,
    setProperty(name, value) {
      mustBe('string', name, 'name');
      if (Buffer.byteLength(mustBe('string', value, 'value')) > LONGEST_PROPERTY_BYTES) {
        throw new Error('Argument too large: value');
      }
      kept.set(name, value);
      const bytes = [...kept].flat().reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      if (bytes > LARGEST_STORE_BYTES) {
        throw new Error('You have exceeded the property storage quota.');
      }
    },
    deleteProperty: (name) => void kept.delete(mustBe('string', name, 'name')),
  };
}

function cache(store) {
  function checkedName(name) {
    if (mustBe('string', name, 'key').length > LONGEST_CACHE_NAME) {
      throw new Error('Argument too large: key');
    }
    return name;
  }
  return {
    get(name) {
      const kept = store.cache.get(checkedName(name));
      return kept && kept.until > store.now ? kept.value : null;
    },
    put(name, value, seconds = 600) {
      checkedName(name);
      if (Buffer.byteLength(mustBe('string', value, 'value')) > LONGEST_CACHED_BYTES) {
        throw new Error('Argument too large: value');
      }
      if (!(mustBe('number', seconds, 'expiration') >= 1 && seconds <= LONGEST_CACHED_SECONDS)) {
        throw new Error('Invalid argument: expirationInSeconds');
      }
      store.cache.set(name, { value, until: store.now + seconds * 1000 });
    },
    remove: (name) => void store.cache.delete(checkedName(name)),
  };
}

const AUTH_TYPES = ['NONE', 'OAUTH2', 'USER_PASS', 'KEY', 'USER_TOKEN', 'PATH_USER_PASS', 'PATH_KEY'];

const dataStudioApp = {
  createCommunityConnector() {
    return {
      AuthType: Object.fromEntries(AUTH_TYPES.map((name) => [name, name])),
      newAuthTypeResponse() {
        const made = {};
        return {
          setAuthType(type) {
            mustBeOneOf(AUTH_TYPES, type, 'auth type');
            made.type = type;
            return this;
          },
          setHelpUrl(url) {
            made.helpUrl = mustBe('string', url, 'help URL');
            return this;
          },
          build() {
            mustBeOneOf(AUTH_TYPES, made.type, 'auth type');
            if (made.helpUrl && ['NONE', 'OAUTH2'].includes(made.type)) {
              throw new Error('a help URL goes with credentials only');
            }
            return made;
          },
        };
      },
      newUserError() {
        const made = { text: '', debug: '' };
        return {
          setText(text) {
            made.text = mustBe('string', text, 'text');
            return this;
          },
          setDebugText(text) {
            made.debug = mustBe('string', text, 'debug text');
            return this;
          },
          throwException() {
            throw new UserError(made.text, made.debug);
          },
        };
      },
    };
  },
};

/** Services that need neither store nor network. */
function utilities(sleep) {
  return {
    DigestAlgorithm: { SHA_256: 'SHA_256' },
    sleep,
    computeDigest(algorithm, text) {
      mustBeOneOf(['SHA_256'], algorithm, 'algorithm');
      return signed(crypto.createHash('sha256').update(mustBe('string', text, 'value')).digest());
    },
    base64Encode: (value) => toBytes(value).toString('base64'),
    base64Decode: (text) => signed(Buffer.from(mustBe('string', text, 'encoded'), 'base64')),
    newBlob: (value, type = 'text/plain') => new Blob(toBytes(value), type),
    gzip: (blob) => new Blob(zlib.gzipSync(blob._bytes), 'application/x-gzip'),
    ungzip(blob) {
      mustBeOneOf(['application/x-gzip'], blob._type, 'content type of what is unpacked');
      return new Blob(zlib.gunzipSync(blob._bytes), 'application/octet-stream');
    },
  };
}

const FETCH_OPTIONS = {
  method: ['get', 'post'],
  contentType: 'string',
  payload: 'string',
  headers: 'object',
  muteHttpExceptions: 'boolean',
};

function checkOptions(options) {
  for (const [name, value] of Object.entries(options)) {
    const wanted = FETCH_OPTIONS[name];
    if (!wanted) {
      throw new Error(`UrlFetchApp knows no option ${name}`);
    }
    if (Array.isArray(wanted)) {
      mustBeOneOf(wanted, value, name);
    } else {
      mustBe(wanted, value, name);
    }
  }
  for (const [name, value] of Object.entries(options.headers || {})) {
    if (/[\r\n]|[^\x20-\x7e]/.test(mustBe('string', value, name))) {
      throw new Error(`Header:${name} has a value that cannot be sent`);
    }
  }
}

/**
 * `answer(url, options)` gives {status, body, headers, tookMs}, all optional; the body is text,
 * bytes, or what is to be written as JSON. What it throws, UrlFetchApp throws.
 */
class AppsScript {
  constructor(answer, { folder = FOLDER, store = new Store() } = {}) {
    this.answer = answer;
    this.store = store;
    this.code = new vm.Script(fs.readFileSync(path.join(folder, 'Code.js'), 'utf8'), {
      filename: 'Code.js',
    });
    const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'appsscript.json'), 'utf8'));
    this.allowed = manifest.urlFetchWhitelist;
    this.fetched = [];
    this.sleeps = [];
    this.logged = [];
    this.longestRunMs = 0;
  }

  /** One call by Looker Studio, in an execution of its own; its result as Looker Studio reads it. */
  call(name, ...args) {
    const began = this.store.now;
    const context = vm.createContext(this._services());
    this.code.runInContext(context);
    try {
      const result = context[name](...args);
      return result === undefined ? undefined : JSON.parse(JSON.stringify(result));
    } finally {
      this.longestRunMs = Math.max(this.longestRunMs, this.store.now - began);
      if (this.longestRunMs > LONGEST_RUN_MS) {
        throw new Error('Exceeded maximum execution time');
      }
    }
  }

  /** The user error that a call ends in. */
  refusal(name, ...args) {
    try {
      this.call(name, ...args);
    } catch (error) {
      if (error instanceof UserError) {
        return error;
      }
      throw error;
    }
    throw new Error(`${name} raised no user error`);
  }

  _services() {
    const { store } = this;
    return {
      DataStudioApp: dataStudioApp,
      PropertiesService: {
        getUserProperties: () => properties(store.userProperties),
        getScriptProperties: () => properties(store.scriptProperties),
      },
      CacheService: { getUserCache: () => cache(store) },
      Utilities: utilities((ms) => this._sleep(ms)),
      UrlFetchApp: { fetch: (url, options = {}) => this._fetch(url, options) },
      Date: { now: () => store.now },
      console: {
        warn: (...said) => this.logged.push(said.join(' ')),
        log: (...said) => this.logged.push(said.join(' ')),
      },
    };
  }

  _sleep(ms) {
    if (!(mustBe('number', ms, 'milliseconds') <= LONGEST_SLEEP_MS)) {
      throw new Error('Invalid argument: milliseconds');
    }
    this.sleeps.push(ms);
    this.store.now += ms;
  }

  _fetch(url, options) {
    if (!this.allowed.some((prefix) => mustBe('string', url, 'url').startsWith(prefix))) {
      throw new Error(`Exception: ${url} is not in urlFetchWhitelist`);
    }
    checkOptions(options);
    this.fetched.push({ url, ...options });
    const { status = 200, body = '', headers = {}, tookMs = 100 } = this.answer(url, options);
    this.store.now += tookMs;
    const isText = typeof body === 'string' || Buffer.isBuffer(body);
    const bytes = Buffer.from(isText ? body : JSON.stringify(body));
    if (bytes.length > LARGEST_RESPONSE_BYTES) {
      throw new Error('Exception: the response is too large');
    }
    if (!options.muteHttpExceptions && (status < 200 || status > 299)) {
      throw new Error(`Exception: Request failed for ${url} returned code ${status}.`);
    }
    return {
      getResponseCode: () => status,
      getContentText: () => bytes.toString('utf8'),
      getBlob: () => new Blob(bytes, headers['content-type'] || 'application/json'),
    };
  }
}

module.exports = { AppsScript, Store, UserError };
