import type { RunningServer } from '../main.ts'
import type { DoorAnswers } from './door.ts'
import type { DoorAbout } from './knock.ts'

/** What a running exchange answers at its door: who it is, its recent calls, and the stories of those that an id may mean. */
export function answersOf(
  server: Pick<RunningServer, 'sockets' | 'recentCalls' | 'explain'>,
  configFile: string,
): DoorAnswers {
  const about: DoorAbout = {
    pid: process.pid,
    config: configFile,
    sockets: server.sockets.map(({ transport, address, port }) => `${transport} ${address} port ${port}`),
  }
  return {
    'GET ': () => about,
    'GET calls': ({ path: [id], query }) => {
      if (id === undefined) return server.recentCalls(Number(query.get('most') ?? MOST_CALLS) || MOST_CALLS)
      const stories = server.explain(id)
      return stories.length === 0 ? undefined : stories
    },
  }
}

const MOST_CALLS = 1000
