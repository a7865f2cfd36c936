export { Dialog, MAX_ROUTE_SET } from './dialog.ts'
export { peerOf, type RoutedRequest, routeOf } from './route.ts'
