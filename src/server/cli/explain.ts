import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import type { CallStory, CallSummary } from '../../calls/index.ts'
import { UsageError } from '../../kit/index.ts'
import { CONFIG_FILES } from '../config/load.ts'
import { findDoor, knock, type WantedDoor } from '../control/knock.ts'
import { callsTable } from '../explain/calls-table.ts'
import { pcapOf } from '../explain/pcap.ts'
import { printStory } from '../explain/print-story.ts'
import { EXIT } from './exit-codes.ts'

interface ExplainFlags extends WantedDoor {
  json: boolean
  pcap?: string
  most: number
}

/** `ringdown explain [call]` */
export function explainCommand(onExit: (code: number) => void): Command {
  return new Command('explain')
    .description(
      'Tell the story of a call of a running exchange: its SIP messages, what happened, who ended it and why.',
    )
    .argument(
      '[call]',
      'the id of a call, the beginning of one (4 characters or more), a SIP Call-ID, "last" for the call that began last, or a file that --json has written (default: list the recent calls)',
    )
    .option('--json', 'print JSON: the story, or the list', false)
    .option('--pcap <file>', 'write the SIP messages to a capture that Wireshark and tshark open')
    .option('--most <number>', 'how many calls to list', count, 20)
    .option('--config <file>', 'the exchange that serves this configuration file, where several run')
    .option(
      '--door <path>',
      'the exchange with this control door, or with its door in this directory; "ringdown serve" logs it',
    )
    .addHelpText(
      'after',
      `
Asks the exchange that the same user of this machine runs with "ringdown serve". Passwords and what was made of them,
message bodies but session descriptions, keys of SRTP, and digits that the application has marked private are never
told. How many calls are kept: the setting "records".

Examples:
  $ ringdown explain                               the recent calls
  $ ringdown explain last
  $ ringdown explain l192s6pk --pcap call.pcap && tshark -r call.pcap
  $ ringdown explain l192s6pk --json > call.json   a story that the test kit replays

Exit codes: 0 told, 1 there is no such call, 2 wrong usage, 3 no exchange can be asked.`,
    )
    .action(async (call: string | undefined, flags: ExplainFlags) => {
      onExit(call === undefined ? await listCalls(flags) : await explain(call, flags))
    })
}

async function listCalls(flags: ExplainFlags): Promise<number> {
  if (flags.pcap !== undefined) throw new UsageError('--pcap needs a call: give its id, or "last"')
  const calls = await recentCalls(await doorOf(flags), flags.most)
  console.log(flags.json ? JSON.stringify(calls, null, 2) : callsTable(calls))
  return EXIT.OK
}

async function explain(call: string, flags: ExplainFlags): Promise<number> {
  const story = await storyOf(call, flags)
  if (story === undefined) return EXIT.FAILED
  if (flags.pcap !== undefined) writeFileSync(flags.pcap, pcapOf(story))
  if (flags.json) console.log(JSON.stringify(story, null, 2))
  else if (flags.pcap === undefined) console.log(printStory(story))
  return EXIT.OK
}

/** The story that is meant by the argument of `ringdown explain`. Says itself why there is none. */
export async function storyOf(
  call: string,
  flags: WantedDoor & { readonly most: number },
): Promise<CallStory | undefined> {
  if (/\.json$/i.test(call)) return savedStory(call)
  const door = await doorOf(flags)
  const id = call === 'last' ? (await recentCalls(door, 1))[0]?.id : call
  const stories = id === undefined ? [] : await storiesAt(door, id)
  const [story, ...others] = stories
  if (story !== undefined && others.length === 0) return story
  if (others.length > 0) {
    console.error(`several calls are meant by "${call}":`)
    console.error(
      callsTable(await recentCalls(door, ALL).then((calls) => calls.filter(({ id }) => isOneOf(stories, id)))),
    )
    return undefined
  }
  const calls = await recentCalls(door, flags.most)
  if (calls.length === 0) console.error('the exchange keeps no call: none has come yet, or records.calls is 0')
  else console.error(`the exchange keeps no call "${call}"; the last that it keeps:\n${callsTable(calls)}`)
  return undefined
}

function isOneOf(stories: readonly CallStory[], id: string): boolean {
  return stories.some((story) => story.id === id)
}

function savedStory(file: string): CallStory {
  let story: Partial<CallStory>
  try {
    story = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new UsageError(`${file} cannot be read as a story: ${(cause as Error).message}`)
  }
  if (story.format !== 'ringdown-call-story' || story.version !== 1)
    throw new UsageError(`${file} holds no story of a call: write one with "ringdown explain <call> --json"`)
  return story as CallStory
}

async function doorOf(flags: WantedDoor): Promise<string> {
  return (
    await findDoor(
      flags,
      CONFIG_FILES.map((name) => resolve(name)),
    )
  ).path
}

async function recentCalls(door: string, most: number): Promise<readonly CallSummary[]> {
  return ((await knock(door, `/calls?most=${most}`)) ?? []) as CallSummary[]
}

async function storiesAt(door: string, id: string): Promise<readonly CallStory[]> {
  return ((await knock(door, `/calls/${encodeURIComponent(id)}`)) ?? []) as CallStory[]
}

const ALL = 100_000

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number, 1 or more.')
  return value
}
