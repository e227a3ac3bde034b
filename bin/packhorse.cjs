#!/usr/bin/env node
/* Starts Packhorse's command line under a Node that can run it. Node 24 runs TypeScript unbuilt; the Node
 * that npx or the shebang finds may be older, so this file is plain CommonJS that Node 12 can read.
 * Order of choice: the Node that runs this file when it is new enough, else the npm package "node". */
// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 cannot require "node:fs".
'use strict';

const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const oldestMajor = 24;
// npx and npm link run this file through a symbolic link; the sources stand beside the real one.
const root = path.dirname(path.dirname(fs.realpathSync(__filename)));

main();

function main() {
  if (root.split(path.sep).includes('node_modules')) {
    fail(
      `${root} is inside node_modules, where Node runs no TypeScript.
Clone the repository and run npm ci there.`,
    );
  }
  const node = findNode();
  if (!node) {
    fail(
      `needs Node ${oldestMajor} or newer and found ${process.version} (${process.execPath}).
Run npm ci in ${root}, which brings one (its script for the package "node" must be allowed),
or put Node ${oldestMajor} first on the PATH.`,
    );
  }
  run(node, [path.join(root, 'src', 'cli', 'main.ts'), ...process.argv.slice(2)]);
}

function findNode() {
  if (Number.parseInt(process.versions.node, 10) >= oldestMajor) return process.execPath;
  try {
    const manifest = require.resolve('node/package.json', { paths: [root] });
    const program = path.join(path.dirname(manifest), 'bin', 'node');
    // Without its install script the package has no program, or an empty one.
    fs.accessSync(program, fs.constants.X_OK);
    if (fs.statSync(program).size === 0) return null;
    return Number.parseInt(require(manifest).version, 10) >= oldestMajor ? program : null;
  } catch {
    // The package is not installed, or not for this system.
    return null;
  }
}

function run(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child as well; a second one would mean "at once" to it.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  });
  child.on('error', (error) => {
    fail(`could not run ${node}: ${error.message}`);
  });
  child.on('exit', (code, signal) => {
    // The shell's way to say which signal ended a program.
    process.exit(signal ? 128 + os.constants.signals[signal] : code);
  });
}

function fail(said) {
  process.stderr.write(`packhorse: ${said}\n`);
  process.exit(1);
}
