/** A process of its own that answers questions: so that what is measured shares no event loop, heap or clock
 *  of CPU time with what it is measured against. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a child can be asked, by name. Questions and answers are plain data. */
export type Answers = Record<string, (question: never) => Promise<unknown>>;

export type Child<A extends Answers> = {
  /** Rejects when the child throws or dies. One question at a time. */
  ask<Name extends keyof A & string>(
    name: Name,
    question: Parameters<A[Name]>[0],
  ): Promise<Awaited<ReturnType<A[Name]>>>;
  stop(): Promise<void>;
};

type Reply = { result: unknown } | { error: string };

/** Starts `script` (beside this file), which calls `answerParent`. `execArgv`: options of Node; those of this
 *  process unless given. */
export function startChild<A extends Answers>(
  script: string,
  execArgv: string[] = process.execArgv,
): Child<A> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = fork(path, { serialization: 'advanced', stdio: 'inherit', execArgv });
  return {
    ask: (name, question) =>
      new Promise((resolve, reject) => {
        const onExit = () => reject(new Error(`${script} died while asked for ${name}`));
        child.once('exit', onExit);
        child.once('message', (reply: Reply) => {
          child.off('exit', onExit);
          if ('error' in reply) reject(new Error(`${script} ${name}: ${reply.error}`));
          else resolve(reply.result as never);
        });
        child.send({ name, question });
      }),
    stop: () => stopped(child),
  };
}

/** Answers the parent's questions until it lets go of the channel, or is gone. */
export function answerParent(answers: Answers): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', ({ name, question }: { name: string; question: never }) => {
    const reply = (what: Reply) => process.send!(what);
    answers[name]!(question).then(
      (result) => reply({ result }),
      (cause: Error) => reply({ error: cause.stack ?? String(cause) }),
    );
  });
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await gone;
}
