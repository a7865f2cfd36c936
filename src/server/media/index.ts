export { type PortRangeOptions, type PortTable, portTable } from './port-range.ts'
export { WorkerMedia, type WorkerMediaOptions } from './worker-media.ts'
export type { MediaIoChoice, WorkerReport } from './worker-messages.ts'
export { WorkerPool } from './worker-pool.ts'
