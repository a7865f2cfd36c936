export { isBehindNat, reachOf } from './behind-nat.ts'
export { Dialog, MAX_ROUTE_SET } from './dialog.ts'
export { defaultPort, isSips, peerOf, type RoutedRequest, routeOf, type WayOut, wayOutOf } from './route.ts'
