export type * from './config/config.ts'
export { defineConfig } from './config/config.ts'
export { type OutboundOptions, type RunningServer, type ServerOptions, startServer } from './main.ts'
