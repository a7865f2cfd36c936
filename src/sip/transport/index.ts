export { Connections } from './connections.ts'
export * from './port.ts'
