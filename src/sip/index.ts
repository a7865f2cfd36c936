export * from './endpoint/control.ts'
export * from './sdp/index.ts'
export * from './message/index.ts'
