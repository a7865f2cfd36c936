export { isEndpointHeader } from './compose.ts'
export * from './control.ts'
export { Endpoint } from './endpoint.ts'
export type {
  EndpointAuthentication,
  EndpointCounter,
  EndpointLimits,
  EndpointOptions,
  EndpointSizes,
  LocalAddress,
  MessageWitness,
} from './options.ts'
export type { SessionTimerSettings } from './session-expiry.ts'
