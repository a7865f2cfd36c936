// The exchange under test in a process of its own: starts the built server with the configuration that the test sends,
// and answers the test's questions over IPC. Applications report to the test over the same channel (e2e/apps/report.ts).
// Run with --expose-gc, so that memory is measured without garbage.
import { startServer } from '../../dist/server/main.js'

let server

const answers = {
  start: async ({ config, directory }) => {
    server = await startServer(config, { directory })
  },
  outbound: ({ app, outboundParameters }) => server.startOutbound(app, { outboundParameters }),
  counters: () => server.counters(),
  sizes: () => server.sizes(),
  phones: () => server.phones,
  memory: () => {
    globalThis.gc?.()
    globalThis.gc?.()
    return process.memoryUsage()
  },
  close: () => server.close({ graceMs: 0 }),
}

process.on('message', async ({ id, question, details }) => {
  try {
    process.send({ type: 'answer', id, value: await answers[question](details) })
  } catch (error) {
    process.send({ type: 'answer', id, error: error instanceof Error ? error.stack : String(error) })
  }
})
process.on('disconnect', () => process.exit())
