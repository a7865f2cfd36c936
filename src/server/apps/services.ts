import {
  type AppDefinition,
  type AppProblem,
  appDirection,
  inbound,
  matches,
  type Service,
  type ServiceDirectory,
  type ServiceRequest,
} from '../../calls/index.ts'
import type { ServiceMatch } from '../config/config.ts'
import type { AppFile, ServiceSettings } from '../config/settings.ts'

/** Finds the application of a file. */
export interface AppFinder {
  find(app: AppFile): AppDefinition | AppProblem
}

/** What a caller gets who is one too many for a service. */
const full = inbound(async (channel) => {
  await channel.reject('NOCHANNELS')
})

/**
 * The configured services. The first whose `match` means the called user answers, with its application as it is at
 * that moment.
 */
export class ConfiguredServices implements ServiceDirectory {
  readonly #services: readonly ServiceSettings[]
  readonly #apps: AppFinder
  /** Users that are named in full, and the first service that names them. */
  readonly #exact = new Map<string, number>()
  /** Prefixes and patterns, in the order of the services. */
  readonly #others: { readonly match: ServiceMatch; readonly index: number }[] = []
  readonly #running = new Map<string, number>()

  constructor(services: readonly ServiceSettings[], apps: AppFinder) {
    this.#services = services
    this.#apps = apps
    for (const [index, service] of services.entries()) {
      for (const match of service.matches) {
        const isExact = typeof match === 'string' && !match.endsWith('*')
        if (!isExact) this.#others.push({ match, index })
        else if (!this.#exact.has(match)) this.#exact.set(match, index)
      }
    }
  }

  find({ user }: ServiceRequest): Service | undefined {
    const exact = this.#exact.get(user)
    const other = this.#others.find(
      ({ match, index }) => (exact === undefined || index < exact) && matches(match, user),
    )
    const index = other?.index ?? exact
    const settings = index === undefined ? undefined : this.#services[index]
    return settings && this.#take(settings)
  }

  named(name: string): Service | undefined {
    const settings = this.#services.find((service) => service.name === name)
    return settings && this.#take(settings)
  }

  /** An instance of a service that `find` or `named` gave is over. */
  ended(service: string): void {
    const left = (this.#running.get(service) ?? 1) - 1
    if (left === 0) this.#running.delete(service)
    else this.#running.set(service, left)
  }

  #take({ name, app, parameters, maxCalls, room }: ServiceSettings): Service {
    const running = this.#running.get(name) ?? 0
    this.#running.set(name, running + 1)
    if (maxCalls !== undefined && running >= maxCalls) return { name, app: full, parameters }
    const found = 'file' in app ? this.#apps.find(app) : app
    const isOutbound = typeof found !== 'string' && appDirection(found) !== 'inbound'
    return { name, app: isOutbound ? 'wrongDirection' : found, parameters, ...(room !== undefined && { room }) }
  }
}
