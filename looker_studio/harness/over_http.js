/**
 * Runs a connector for a test in another language: a made-up Apps Script whose requests go over
 * HTTP. Each line on standard input is a call, {"call": "getData", "arguments": [...]}, and each
 * line on standard output its result: {"returned": ...}, {"text": ..., "debug": ...} of a user
 * error, or {"broke": ...}. What outlives a call there (properties, cache) outlives it here.
 *
 * node over_http.js FOLDER FROM TO
 *
 * FOLDER has Code.js and appsscript.json; addresses that begin with FROM are asked at TO.
 */

const readline = require('node:readline');
const { Worker, receiveMessageOnPort, MessageChannel } = require('node:worker_threads');

const { AppsScript, UserError } = require('../test/apps_script.js');

/** Fetches in a thread, so that the connector can wait for the answer as it does at Google. */
const FETCHER = `
  const { workerData } = require('node:worker_threads');
  const { port, flag } = workerData;
  port.on('message', async ({ url, options }) => {
    let answer;
    try {
      const response = await fetch(url, { ...options, redirect: 'manual' });
      const bytes = new Uint8Array(await response.arrayBuffer());
      answer = { status: response.status, headers: Object.fromEntries(response.headers), bytes };
    } catch (error) {
      answer = { failure: String(error.cause || error) };
    }
    port.postMessage(answer);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
`;
const LONGEST_ANSWER_MS = 60_000;

function synchronousFetch() {
  const { port1, port2 } = new MessageChannel();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(FETCHER, {
    eval: true,
    workerData: { port: port2, flag },
    transferList: [port2],
  });
  worker.unref();
  return (url, options) => {
    Atomics.store(flag, 0, 0);
    port1.postMessage({ url, options });
    Atomics.wait(flag, 0, 0, LONGEST_ANSWER_MS);
    const received = receiveMessageOnPort(port1);
    if (!received || received.message.failure) {
      throw new Error(`Exception: Address unavailable: ${url}`);
    }
    return received.message;
  };
}

function main([folder, from, to]) {
  const fetchNow = synchronousFetch();
  const packed = [];
  const script = new AppsScript(
    (url, { method, contentType, payload, headers }) => {
      const type = contentType ? { 'Content-Type': contentType } : {};
      const { status, bytes, headers: told } = fetchNow(url.replace(from, to), {
        method: method.toUpperCase(),
        headers: { ...headers, ...type },
        body: payload,
      });
      packed.push(told['content-encoding'] || '');
      return { status, body: Buffer.from(bytes), headers: told };
    },
    { folder },
  );
  readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const asked = JSON.parse(line);
    const before = script.fetched.length;
    const answer = {};
    try {
      answer.returned = script.call(asked.call, ...asked.arguments) ?? null;
    } catch (error) {
      Object.assign(
        answer,
        error instanceof UserError
          ? { text: error.text, debug: error.debug }
          : { broke: String(error.stack) },
      );
    }
    answer.fetches = script.fetched.length - before;
    answer.encoding = packed.at(-1) || '';
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
}

main(process.argv.slice(2));
