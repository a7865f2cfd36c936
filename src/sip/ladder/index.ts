export * from './print-ladder.ts'
export * from './sip-label.ts'
export * from './sip-rows.ts'
