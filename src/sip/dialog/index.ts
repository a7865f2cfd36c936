export { Dialog, MAX_ROUTE_SET } from './dialog.ts'
export { type RoutedRequest, routeOf } from './route.ts'
