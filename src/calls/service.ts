import type { AppDefinition } from './app.ts'

/** Why a service has no application to run. */
export type AppProblem = 'missing' | 'invalid' | 'wrongDirection'

/** What answers calls to a number or user: an application and its parameters. */
export interface Service {
  readonly name: string
  readonly app: AppDefinition | AppProblem
  readonly parameters: Readonly<Record<string, unknown>>
  /** The conference room that its callers come into, where that is known beforehand: they are placed where the room is. */
  readonly room?: string
}

/** An incoming call as service selection sees it. */
export interface ServiceRequest {
  /** The user part of the Request-URI, unescaped; empty when there is none. */
  readonly user: string
  readonly host: string
  /** The URI of the caller. */
  readonly from: string
  /** The digest user, when authenticated. */
  readonly authenticatedUser?: string
}

/** Finds the service for an incoming call. */
export interface ServiceDirectory {
  find(request: ServiceRequest): Service | undefined
  /** The service of that name, for calls from inside of the exchange. */
  named(name: string): Service | undefined
}
