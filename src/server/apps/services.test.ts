import { describe, expect, it } from 'vitest'
import { type AppDefinition, inbound, outbound } from '../../calls/index.ts'
import type { ServiceMatch } from '../config/config.ts'
import type { ServiceSettings } from '../config/settings.ts'
import { ConfiguredServices } from './services.ts'

const app = inbound(async () => {})
const library = { find: () => app }
const service = (name: string, matches: ServiceMatch[], more: Partial<ServiceSettings> = {}): ServiceSettings => ({
  name,
  matches,
  app,
  parameters: {},
  maxCalls: undefined,
  ...more,
})
const call = (user: string) => ({ user, host: '127.0.0.1', from: 'sip:a@b' })

describe('ConfiguredServices', () => {
  it('gives the first service that means the user', () => {
    const services = new ConfiguredServices(
      [
        service('pattern', [/^\d{3}$/g]),
        service('one', ['1000', '100']),
        service('prefix', ['44*', '10*']),
        service('again', ['4420', '2000']),
        service('empty', ['']),
        service('rest', ['*']),
      ],
      library,
    )
    const found = (user: string) => services.find(call(user))?.name
    expect(['100', '101', '1000', '1001', '4420', '2000', '', 'x'].map(found)).toEqual([
      'pattern',
      'pattern',
      'one',
      'prefix',
      'prefix',
      'again',
      'empty',
      'rest',
    ])
  })

  it('knows nobody when nothing matches', () => {
    expect(new ConfiguredServices([service('a', ['1'])], library).find(call('2'))).toBeUndefined()
  })

  it('asks for the application at each call, and refuses one of the other direction', () => {
    let current: AppDefinition | 'invalid' = app
    const file = { file: '/a.ts', exportName: 'default' }
    const services = new ConfiguredServices([service('a', ['*'], { app: file })], { find: () => current })
    expect(services.find(call('1'))?.app).toBe(app)
    current = 'invalid'
    expect(services.find(call('1'))?.app).toBe('invalid')
    current = outbound(async () => {})
    expect(services.find(call('1'))?.app).toBe('wrongDirection')
  })

  it('refuses calls beyond the limit of a service until one has ended', async () => {
    const services = new ConfiguredServices([service('a', ['*'], { maxCalls: 1 })], library)
    expect(services.find(call('1'))?.app).toBe(app)
    const refusing = services.find(call('1'))?.app as AppDefinition
    expect(refusing).not.toBe(app)
    const said: string[] = []
    await refusing.run({ reject: async (cause: string) => said.push(cause) } as never, undefined as never)
    expect(said).toEqual(['NOCHANNELS'])
    services.ended('a')
    services.ended('a')
    expect(services.find(call('1'))?.app).toBe(app)
  })
})
