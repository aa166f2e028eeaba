/**
 * The TikTok Shop data source for Looker Studio: a thin relay. Every question goes to the backend as
 * it came, and the backend's answer is the answer. What is here is the key, patience and sentences.
 *
 * Contract: developers.google.com/looker-studio/connector/reference.
 */

/** Where the backend answers; `make looker-package URL=...` writes the real address here. */
const BACKEND = 'https://tiktok-shop-source.example';

const KEY = 'key';

/** Seconds that a key counts as good, and a schema as known, before the backend is asked again. */
const KEY_SECONDS = 300;
const SCHEMA_SECONDS = 300;

/** Characters of a cache value; CacheService refuses more than 100 KB. */
const LONGEST_CACHED = 100 * 1024;

/**
 * Milliseconds after the start of a call from which nothing is tried again. Apps Script ends a call
 * after six minutes without a word, and one more attempt may take a minute by itself.
 */
const LAST_ATTEMPT_MS = 240 * 1000;

/** Milliseconds to wait before each new attempt. */
const WAITS_MS = [1000, 2000, 4000, 8000, 16000, 32000];

/** Statuses of a proxy in front of the backend; the backend's own errors have sentences. */
const PASSING_STATUSES = [502, 503, 504];

/** What UrlFetchApp throws when a second attempt may do. */
const PASSING_FAILURE =
  /address unavailable|dns error|timeout|timed out|bandwidth quota|too many times(?! for one day)/i;

const SENTENCES = {
  down: 'The TikTok Shop data source cannot be reached at the moment. Wait a few minutes and refresh the report; nothing is lost.',
  slow: 'The answer took too long. Choose a shorter date range or fewer fields, then refresh the report.',
  limit: 'Google allows your account only so many requests a day, and today they are used up. Try again tomorrow, or use a longer data freshness in the data source.',
  broken: 'The TikTok Shop data source gave an answer that cannot be read. Refresh the report; if it stays, write to ' + BACKEND + '/about/support.',
  large: 'The answer is too large for Google to take. Choose a shorter date range or fewer fields, then refresh the report.',
  key: 'The key is missing or not valid any more. Sign in at ' + BACKEND + '/looker and make a key, edit the data source, choose "Edit connection" and enter it there.',
};

/** What UrlFetchApp throws when no second attempt will do. */
const LASTING_FAILURES = [
  { pattern: /too many times for one day/i, sentence: SENTENCES.limit },
  { pattern: /too large|maximum size|size limit/i, sentence: SENTENCES.large },
];

// -- who asks ------------------------------------------------------------------------------------

function getAuthType() {
  const types = DataStudioApp.createCommunityConnector();
  return types
    .newAuthTypeResponse()
    .setAuthType(types.AuthType.KEY)
    .setHelpUrl(BACKEND + '/about/support#key')
    .build();
}

/**
 * @param {{key: string}} request
 * @returns {{errorCode: string}} NONE, or INVALID_CREDENTIALS
 */
function setCredentials(request) {
  const key = String(request.key || '').trim();
  if (!isKeyShaped(key) || !isAccepted(key, WAITS_MS)) {
    return { errorCode: 'INVALID_CREDENTIALS' };
  }
  forgetKey();
  PropertiesService.getUserProperties().setProperty(KEY, key);
  rememberKeyIsGood(key);
  return { errorCode: 'NONE' };
}

/**
 * Looker Studio asks this very often, and people wait for it: one attempt is made. When the backend
 * is down the answer is yes, so that nobody is asked to enter a key again that is good.
 */
function isAuthValid() {
  const key = storedKey();
  if (!key) {
    return false;
  }
  if (userCache().get(cacheName('good', key))) {
    return true;
  }
  try {
    if (!isAccepted(key, [])) {
      return false;
    }
  } catch (failure) {
    console.warn('The key could not be checked: ' + failure);
    return true;
  }
  rememberKeyIsGood(key);
  return true;
}

function resetAuth() {
  forgetKey();
}

/** Whether the person at the screen sees errors in full: a switch in the script's properties. */
function isAdminUser() {
  return PropertiesService.getScriptProperties().getProperty('SHOW_ERRORS') === 'true';
}

// -- what is asked -------------------------------------------------------------------------------

/** @param {object} request */
function getConfig(request) {
  return ask('getConfig', request);
}

/** @param {{configParams?: object}} request */
function getSchema(request) {
  const name = cacheName('schema', storedKey() + JSON.stringify(request.configParams || {}));
  const known = userCache().get(name);
  if (known) {
    return JSON.parse(unpacked(known));
  }
  const answer = ask('getSchema', request);
  const packed = packedText(JSON.stringify(answer));
  if (packed.length <= LONGEST_CACHED) {
    userCache().put(name, packed, SCHEMA_SECONDS);
  }
  return answer;
}

/** @param {object} request */
function getData(request) {
  return ask('getData', request);
}

/**
 * The backend's answer to one of Looker Studio's questions.
 *
 * @param {string} call
 * @param {object} request as it came
 */
function ask(call, request) {
  const key = storedKey();
  if (!key) {
    throwUserError(SENTENCES.key, 'no key is stored');
  }
  const options = {
    contentType: 'application/json',
    payload: JSON.stringify(request),
    headers: headersWith(key),
    muteHttpExceptions: true,
  };
  const response = fetchPatiently(call, { method: 'post', ...options }, WAITS_MS);
  const text = textOf(response);
  const status = response.getResponseCode();
  if (status === 200) {
    return parsed(text) || throwUserError(SENTENCES.broken, call + ': 200 without JSON');
  }
  return throwBackendError(call, status, text);
}

// -- errors --------------------------------------------------------------------------------------

/**
 * @param {string} call
 * @param {number} status
 * @param {string} text
 */
function throwBackendError(call, status, text) {
  const error = toldError(text);
  if (!error) {
    return throwUserError(SENTENCES.broken, call + ': HTTP ' + status);
  }
  let sentence = error.message;
  if (error.code === 'unauthorised') {
    forgetKeyIsGood();
    sentence = SENTENCES.key;
  }
  if (error.retry_after) {
    sentence += ' (Try again in ' + inWords(error.retry_after) + '.)';
  }
  if (error.reference) {
    sentence += ' (Reference ' + error.reference + ')';
  }
  return throwUserError(sentence, [call, status, error.code, error.debug].filter(Boolean).join(' · '));
}

/**
 * @param {string} text what everybody sees: what happened and what to do
 * @param {string} debug what an admin sees besides
 * @returns {never}
 */
function throwUserError(text, debug) {
  DataStudioApp.createCommunityConnector()
    .newUserError()
    .setText(text)
    .setDebugText(debug)
    .throwException();
  throw new Error(text);
}

/** @param {number} seconds */
function inWords(seconds) {
  if (seconds < 90) {
    return Math.max(1, Math.ceil(seconds)) + ' seconds';
  }
  if (seconds <= 3600) {
    return Math.ceil(seconds / 60) + ' minutes';
  }
  return Math.ceil(seconds / 3600) + ' hours';
}

// -- over the wire -------------------------------------------------------------------------------

/**
 * The backend's answer, after as many attempts as there is time for.
 *
 * @param {string} call
 * @param {GoogleAppsScript.URL_Fetch.URLFetchRequestOptions} options
 * @param {number[]} waits milliseconds before each new attempt
 */
function fetchPatiently(call, options, waits) {
  const started = Date.now();
  for (let attempt = 0; ; attempt += 1) {
    const { response, failure } = fetchOnce(call, options);
    if (response) {
      return response;
    }
    const debug = call + ', attempt ' + (attempt + 1) + ': ' + failure;
    if (attempt === waits.length) {
      throwUserError(SENTENCES.down, debug);
    }
    if (Date.now() - started + waits[attempt] > LAST_ATTEMPT_MS) {
      throwUserError(SENTENCES.slow, debug);
    }
    Utilities.sleep(waits[attempt]);
  }
}

/**
 * Either the response or the failure, which will pass; a user error for one that will not.
 *
 * @param {string} call
 * @param {GoogleAppsScript.URL_Fetch.URLFetchRequestOptions} options
 */
function fetchOnce(call, options) {
  try {
    const response = UrlFetchApp.fetch(BACKEND + '/connector/v1/' + call, options);
    // "The import has only begun" is a 503, too, but it is an answer and not a proxy's.
    if (PASSING_STATUSES.indexOf(response.getResponseCode()) < 0 || toldError(textOf(response))) {
      return { response };
    }
    return { failure: 'HTTP ' + response.getResponseCode() };
  } catch (failure) {
    const debug = String(failure);
    if (PASSING_FAILURE.test(debug)) {
      return { failure: debug };
    }
    const known = LASTING_FAILURES.find(({ pattern }) => pattern.test(debug));
    return throwUserError(known ? known.sentence : SENTENCES.down, call + ': ' + debug);
  }
}

/**
 * UrlFetchApp unpacks what comes compressed; a proxy in between may have packed it twice.
 *
 * @param {GoogleAppsScript.URL_Fetch.HTTPResponse} response
 */
function textOf(response) {
  const text = response.getContentText('UTF-8');
  if (text.charCodeAt(0) !== 0x1f) {
    return text;
  }
  const packed = response.getBlob().setContentType('application/x-gzip');
  return Utilities.ungzip(packed).getDataAsString('UTF-8');
}

/** The error that the backend tells; null for what somebody else says. @param {string} text */
function toldError(text) {
  const told = parsed(text);
  return told && told.error && told.error.message ? told.error : null;
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// -- the key -------------------------------------------------------------------------------------

/** What a header can carry; anything else was pasted by mistake. @param {string} key */
function isKeyShaped(key) {
  return /^[\x21-\x7e]{1,200}$/.test(key);
}

/**
 * Whether the backend knows the key; a user error when it cannot say.
 *
 * @param {string} key
 * @param {number[]} waits milliseconds before each new attempt
 */
function isAccepted(key, waits) {
  const options = { headers: headersWith(key), muteHttpExceptions: true };
  const response = fetchPatiently('whoami', { method: 'get', ...options }, waits);
  const status = response.getResponseCode();
  if (status === 200 || status === 401) {
    return status === 200;
  }
  return throwBackendError('whoami', status, textOf(response));
}

/** @param {string} key */
function headersWith(key) {
  return { Authorization: 'Bearer ' + key, 'Accept-Encoding': 'gzip' };
}

function storedKey() {
  return PropertiesService.getUserProperties().getProperty(KEY) || '';
}

/** @param {string} key */
function rememberKeyIsGood(key) {
  userCache().put(cacheName('good', key), 'yes', KEY_SECONDS);
}

function forgetKeyIsGood() {
  userCache().remove(cacheName('good', storedKey()));
}

function forgetKey() {
  forgetKeyIsGood();
  PropertiesService.getUserProperties().deleteProperty(KEY);
}

// -- the cache -----------------------------------------------------------------------------------

function userCache() {
  return CacheService.getUserCache();
}

/**
 * A name of bounded length that does not tell the key.
 *
 * @param {string} kind
 * @param {string} of
 */
function cacheName(kind, of) {
  const digest = Utilities.computeDigest(Utilities.DigestAlgorithm.SHA_256, of);
  return kind + ' ' + Utilities.base64Encode(digest);
}

/** @param {string} text */
function packedText(text) {
  return Utilities.base64Encode(Utilities.gzip(Utilities.newBlob(text)).getBytes());
}

/** @param {string} packed */
function unpacked(packed) {
  const blob = Utilities.newBlob(Utilities.base64Decode(packed), 'application/x-gzip');
  return Utilities.ungzip(blob).getDataAsString('UTF-8');
}
