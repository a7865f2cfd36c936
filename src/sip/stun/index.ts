export { BindingClient } from './binding-client.ts'
export type { MappedAddress } from './message.ts'
