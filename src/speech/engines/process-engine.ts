import { type ChildProcess, spawn } from 'node:child_process'
import type { SpeechBlock, SpeechCapabilities, SpeechEngine, SpeechVoice, SpokenSentence } from '../speech-engine.ts'
import { type AudioFormat, speechIn } from './audio-bytes.ts'
import { type VoiceSettings, versionOf, voicesOf } from './voice-settings.ts'

/** A program that speaks: any that reads a text and writes audio. */
export interface ProcessSettings extends VoiceSettings {
  readonly type: 'process'
  readonly command: string
  /**
   * As they are given to the program: no shell reads them. In them `{voice}` is the voice, `{rate}` the pace (1 is the voice's
   * own), `{stretch}` its reciprocal, `{wpm}` the pace in words a minute (175 at 1), `{text}` the text; where no argument has
   * the text, it is written to the standard input.
   */
  readonly arguments?: readonly string[]
  /** What it writes to the standard output. Default `wav`. */
  readonly output?: AudioFormat
  /** How long a sentence may take, in ms: then the program is killed. Default 15,000. */
  readonly timeoutMs?: number
  /** How many of it may run at a time. Default 2. */
  readonly parallel?: number
}

/**
 * Speaks through a program, started once for each sentence, such as espeak-ng or piper. One that nobody waits for any more,
 * that takes too long or writes too much is killed, with all that it has started.
 */
export class ProcessEngine implements SpeechEngine {
  readonly name: string
  readonly version: string
  readonly voices: readonly SpeechVoice[]
  readonly defaultVoice: string
  readonly language: string
  readonly capabilities: SpeechCapabilities
  readonly #settings: ProcessSettings
  readonly #running = new Set<(reason: string) => void>()

  constructor(settings: ProcessSettings) {
    const { voices, defaultVoice, language } = voicesOf(settings)
    this.name = settings.command.split(/[/\\]/).at(-1) ?? settings.command
    this.version = versionOf([settings.command, settings.arguments, settings.output])
    this.voices = voices
    this.defaultVoice = defaultVoice
    this.language = language
    this.capabilities = { parallel: settings.parallel ?? 2, isStreaming: true }
    this.#settings = settings
  }

  async *speak(sentence: SpokenSentence, signal: AbortSignal): AsyncGenerator<SpeechBlock> {
    if (signal.aborted) return
    const { command, output = 'wav', timeoutMs = 15_000 } = this.#settings
    const { args, input } = commandLine(this.#settings.arguments ?? [], sentence)
    // A process group of its own, so that it is killed with all that it has started.
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    let said = ''
    let why: string | undefined
    const kill = (reason: string): void => {
      why ??= reason
      killGroup(child)
    }
    const timer = setTimeout(() => kill(`it took more than ${timeoutMs} ms and was killed`), timeoutMs)
    const onAbort = (): void => kill('nobody waits for it any more')
    signal.addEventListener('abort', onAbort, { once: true })
    this.#running.add(kill)
    let notStarted: string | undefined
    const ended = new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => {
        notStarted = `it cannot be started: ${error.message}`
        resolve(notStarted)
      })
      child.once('close', (code, by) => resolve(code === 0 ? undefined : `it ended with ${by ?? `code ${code}`}`))
    }).finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      this.#running.delete(kill)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-MOST_SAID)
    })
    // A program that does not read to the end is no reason to fail.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    let useless: string | undefined
    try {
      yield* speechIn(child.stdout, output)
    } catch (error) {
      useless = (error as Error).message
    } finally {
      // There is more, and nobody reads it: it was of no use, or whoever wanted it has gone.
      if (!child.stdout.readableEnded) kill(useless ?? 'it was not read to its end')
    }
    const failed = await ended
    const reason = notStarted ?? why ?? failed ?? useless
    if (reason !== undefined) throw new Error(said.trim() === '' ? reason : `${reason}: ${said.trim()}`)
  }

  async close(): Promise<void> {
    for (const kill of this.#running) kill('the speech engine is closed')
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile, or there are no groups here.
    child.kill('SIGKILL')
  }
}

const MOST_SAID = 300

function commandLine(
  templates: readonly string[],
  { text, voice, rate }: SpokenSentence,
): { args: string[]; input: string } {
  const values: Readonly<Record<string, string>> = {
    // A text may not be an option.
    text: text.startsWith('-') ? ` ${text}` : text,
    voice,
    rate: String(rate),
    stretch: String(1 / rate),
    wpm: String(Math.round(175 * rate)),
  }
  const args = templates.map((each) => each.replaceAll(/\{(\w+)\}/g, (match, name: string) => values[name] ?? match))
  return { args, input: templates.some((each) => each.includes('{text}')) ? '' : `${text}\n` }
}
