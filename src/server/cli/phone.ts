import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { UsageError } from '../../kit/index.ts'
import { parseUri } from '../../sip/index.ts'
// Only the types: the test kit is loaded when a phone is wanted, and by no server.
import type { Phone, PhoneKind, phones } from '../../testing/index.ts'
import { ModuleLoader } from '../apps/module-loader.ts'
import { EXIT } from './exit-codes.ts'
import { localSide } from './local-address.ts'
import { untilSignal } from './signals.ts'

interface PhoneFlags {
  call?: string
  listen?: string
  timeout: number
  name: string
}

/** What a script file gives: the kind of phone, and what its user does. */
interface PhoneScript {
  readonly set: PhoneKind['set']
  readonly run: (phone: Phone) => Promise<void>
}

/** `ringdown phone <script>` */
export function phoneCommand(onExit: (code: number) => void): Command {
  return new Command('phone')
    .description('Run a scripted phone of ringdown/testing against any SIP system, and print what it did and heard.')
    .argument(
      '<script>',
      'a TypeScript or JavaScript file whose default export is (phone) => Promise, or a kind of phone',
    )
    .option('--call <uri>', 'call this sip: URI; the script begins when it is answered')
    .option(
      '--listen <address:port>',
      'stand there; without --call the script begins when somebody calls, and answers by itself (default: the ' +
        'address that faces the callee or 127.0.0.1, and any port)',
    )
    .option('--timeout <seconds>', 'how long to wait for the answer', seconds, 60)
    .option('--name <user>', 'the user in its SIP address', 'phone')
    .addHelpText(
      'after',
      `
Without --call and --listen the script begins at once, and calls by itself: await phone.call('sip:1234@127.0.0.1').
With --call it can call further users of that host without naming it. When the script has ended, the phone hangs up.
It speaks SIP over UDP with G.711 and hears tones, beeps, digits, sound and silence, but no words.

Examples:
  $ cat keys.ts
  import type { Phone } from 'ringdown/testing'
  export default async (phone: Phone) => {
    await phone.hears.sound()
    await phone.press('1234#')
    await phone.expectHangUp({ withinMs: 20_000 })
  }
  $ ringdown phone keys.ts --call sip:1234@127.0.0.1:5060
  $ ringdown phone mailbox.ts --listen 127.0.0.1:5070    (export default phones.voicemail())

Exit codes: 0 the script came to its end, 1 it failed or the call was not answered, 2 wrong usage or no script,
  3 the address cannot be had.`,
    )
    .action(async (script: string, flags: PhoneFlags) => {
      onExit(await phone(script, flags))
    })
}

async function phone(path: string, flags: PhoneFlags): Promise<number> {
  const kit = await import('../../testing/index.ts')
  const far = farEnd(flags.call)
  const { set, run } = scriptOf(path, await load(path, kit), flags)
  const [address, port] =
    far === undefined && flags.listen === undefined
      ? (['127.0.0.1', 0] as const)
      : await localSide(far?.host.replace(/^\[|\]$/g, '') ?? '', flags.listen)
  const real: ReturnType<typeof phones.real> = kit.phones.real({
    address,
    ...(far && { exchange: `${far.host}:${far.port ?? 5060}` }),
  })
  const phone = real.phone(flags.name, set === undefined ? {} : { set }, { port })
  // Before anything is printed: whoever waits for the line may send a signal at once.
  const interrupted = untilSignal().then((signal) => Promise.reject(new Error(`interrupted by ${signal}`)))
  console.log(`${flags.name} is ${phone.uri}\n`)
  try {
    await Promise.race([interrupted, follow(phone, run, flags)])
    return EXIT.OK
  } catch (error) {
    console.error(error instanceof kit.ExpectationError ? headOf(error) : error)
    return EXIT.FAILED
  } finally {
    await real.close()
    console.log(real.transcript())
  }
}

async function follow(phone: Phone, run: PhoneScript['run'], { call, listen, timeout }: PhoneFlags): Promise<void> {
  if (call !== undefined) {
    const status = await phone.call(call, { withinMs: timeout * 1000 })
    if (status !== 200) throw phone.failure(`expected an answer of ${call}, and got ${status}`)
  } else if (listen !== undefined) await phone.expectCall({ withinMs: Number.POSITIVE_INFINITY })
  await run(phone)
}

async function load(path: string, kit: object): Promise<unknown> {
  const file = resolve(path)
  try {
    const { exports } = await new ModuleLoader({ 'ringdown/testing': kit }).load(file)
    return exports.default
  } catch (error) {
    throw new UsageError(`${file} cannot be loaded: ${(error as Error).message}`)
  }
}

function scriptOf(path: string, exported: unknown, { call, listen }: PhoneFlags): PhoneScript {
  if (typeof exported === 'function') return { set: undefined, run: exported as PhoneScript['run'] }
  const kind = (typeof exported === 'object' && exported !== null ? exported : {}) as PhoneKind
  if (kind.onCall === undefined && kind.onAnswered === undefined)
    throw new UsageError(
      `${path} is no script of a phone: write "export default async (phone) => { ... }" or export a kind of phone`,
    )
  if (kind.line !== undefined)
    throw new UsageError(`${path} wants a bad line or a NAT: real networks treat packets as they do, so leave it out`)
  const run = call === undefined ? kind.onCall : kind.onAnswered
  if (run !== undefined && (call ?? listen) !== undefined) return { set: kind.set, run }
  const flags = kind.onCall === undefined ? '--call' : '--listen'
  throw new UsageError(
    `${path} exports a kind of phone that ${flags === '--call' ? 'calls' : 'is called'}: give ${flags}`,
  )
}

function farEnd(uri: string | undefined) {
  if (uri === undefined) return undefined
  const parsed = parseUri(uri)
  if (parsed.ok && parsed.value.scheme === 'sip') return parsed.value
  throw new UsageError(`cannot call "${uri}": give a sip: URI`)
}

/** An error without the transcript in its message, which is printed in any case; with the line of the script. */
function headOf({ message, stack = '' }: Error): string {
  const line = stack.slice(stack.indexOf(message) + message.length).split('\n')[1]
  return `${message.split('\n\nThe call until now:')[0]}${line === undefined ? '' : `\n${line}`}`
}

function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value <= 86_400) return value
  throw new InvalidArgumentError('give seconds, above 0 and up to 86400.')
}
