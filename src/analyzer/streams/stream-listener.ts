/**
 * What a StreamTracker tells while it reads, for those who want each message and not only the observations at the end.
 * Every method is called once per message, with the frame that completed it. Calls come in the order in which things
 * became certain, which is not always frame order: an HTTP message that never came whole is told when its connection or
 * the capture ends.
 */
import type { TftpPacket } from '../../wire/tftp.js'
import type {
  DhcpObservation,
  Endpoint,
  Frame,
  HttpRequestObservation,
  HttpResponseObservation,
  IcmpErrorObservation,
} from './observations.js'

export interface StreamListener {
  /** Mirror-port doubles too, with `copyOf` set. */
  dhcp(observation: DhcpObservation): void
  /** Mirror-port doubles too. `packet` may hold views into a buffer that is reused: take what is needed at once. */
  tftp(frame: Frame, source: Endpoint, destination: Endpoint, packet: TftpPacket): void
  icmpError(observation: IcmpErrorObservation, destination: string): void
  httpRequest(request: HttpRequestObservation, source: Endpoint, destination: Endpoint): void
  /** Interim (1xx) responses too. */
  httpResponse(response: HttpResponseObservation, source: Endpoint, destination: Endpoint): void
}
