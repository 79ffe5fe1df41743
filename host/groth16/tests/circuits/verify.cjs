// Many proofs by snarkjs in one process: starting node and snarkjs takes a second.
//
//   node verify.cjs NODE_MODULES < list            each line "vkey.json\tpublic.json\tproof.json"
//                                                  answers: ok | invalid | error: …
//   node verify.cjs --prove NODE_MODULES < list    each line "zkey\twtns"
//                                                  proves and verifies; answers: snarkjs' public signals
//                                                  as compact JSON | error: …
//
// One answer per line, in order, written as soon as it is known; exit 0 if every line was answered.
// snarkjs reads missing public signals as 0, so their number is checked here.
'use strict';

const fs = require('fs');
const path = require('path');
const readline = require('readline');

const TIMEOUT_MS = 120_000; // A worker of snarkjs that dies answers nothing, ever.

const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

async function verify(snarkjs, vkeyFile, publicFile, proofFile) {
  const [vkey, signals, proof] = [vkeyFile, publicFile, proofFile].map(readJson);
  if (!Array.isArray(signals)) throw new Error('the public signals are no array');
  if (signals.length !== vkey.nPublic) {
    throw new Error(`the key wants ${vkey.nPublic} public signals, found ${signals.length}`);
  }
  return (await snarkjs.groth16.verify(vkey, signals, proof)) ? 'ok' : 'invalid';
}

async function prove(snarkjs, zkeyFile, wtnsFile) {
  const { proof, publicSignals } = await snarkjs.groth16.prove(zkeyFile, wtnsFile);
  const vkey = await snarkjs.zKey.exportVerificationKey(zkeyFile);
  if (!(await snarkjs.groth16.verify(vkey, publicSignals, proof))) {
    throw new Error('snarkjs rejects its own proof with this key');
  }
  return JSON.stringify(publicSignals);
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function answer(job, wanted, snarkjs, line) {
  try {
    const files = line.split('\t');
    if (files.length !== wanted) throw new Error(`expected ${wanted} files in a line, found ${files.length}`);
    return await within(TIMEOUT_MS, job(snarkjs, ...files));
  } catch (error) {
    return `error: ${String((error && error.message) || error).replace(/\s+/g, ' ')}`;
  }
}

// snarkjs keeps each curve with its workers in a global; node ends when they do.
const terminateCurves = () =>
  Promise.all([globalThis.curve_bn128, globalThis.curve_bls12381].map((curve) => curve && curve.terminate()));

async function main() {
  const args = process.argv.slice(2);
  const proving = args[0] === '--prove';
  if (proving) args.shift();
  if (args.length !== 1) {
    console.error('usage: node verify.cjs [--prove] NODE_MODULES < list');
    process.exitCode = 2;
    return;
  }
  const snarkjs = require(path.resolve(args[0], 'snarkjs'));
  const [job, wanted] = proving ? [prove, 2] : [verify, 3];
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line !== '') process.stdout.write(`${await answer(job, wanted, snarkjs, line)}\n`);
  }
  await terminateCurves();
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 2;
});
