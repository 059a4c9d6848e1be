import Coordination
import ExternalEvaluation
import SparsityCore
import TestSupport
import Testing
import WireProtocol

/// The talk with a program, line by line.
struct EvaluatorConversationTests {
  private typealias Conversation = EvaluatorConversation

  private var conversation: EvaluatorConversation
  private let request: EvaluatorRequest
  private let ready = #"{"type":"ready","name":"mine","version":"3"}"#

  init() throws {
    var description = try ExampleRun().description
    description.numerics = Numerics(
      backend: Backend(name: "mine", version: "3"), options: [:])
    var limits = Conversation.Limits()
    limits.readyTimeout = .seconds(10)
    limits.imageTimeout = .seconds(1)
    limits.noiseCountMax = 20
    conversation = Conversation(
      about: EvaluatorRun(
        model: "m", configuration: "c", data: "d", bank: nil, description: description),
      limits: limits)
    let space = description.space
    request = EvaluatorRequest(
      Genome(genes: space.choiceCounts.map { _ in 0 }), in: space, images: [3, 1, 2])
  }

  private func at(_ seconds: Double) -> Instant { .start + .seconds(seconds) }

  private mutating func receive(_ line: String, at seconds: Double = 0) -> [Conversation.Effect] {
    conversation.receive(Array(line.utf8), at: at(seconds))
  }

  private mutating func startUp() {
    #expect(conversation.tick(at: at(0)) == [.start])
    _ = conversation.started(at: at(0))
    _ = receive(ready)
  }

  private static func diagnostics(_ effects: [Conversation.Effect]) -> [String] {
    effects.compactMap { if case .log(let text) = $0 { text } else { nil } }
  }

  private static func failures(_ effects: [Conversation.Effect]) -> [String] {
    effects.compactMap { effect in
      if case .finished(_, .failed(let reason)) = effect { reason } else { nil }
    }
  }

  @Test mutating func `a program is told the run, then asked as soon as it is ready`() throws {
    let (id, early) = conversation.evaluate(request, at: at(0))
    #expect(early.isEmpty)
    let begin = conversation.tick(at: at(0))
    #expect(begin == [.start])
    let told = conversation.started(at: at(0))
    guard case .send(let run) = told.first else {
      Issue.record("the run should be told")
      return
    }
    for part in [
      #""type":"run""#, #""version":1"#, #""model":"m""#, #""configuration":"c""#,
      #""bank":null"#, #""images":4"#,
      #"{"name":"blocks.0.attn.qkv","kind":"pattern","choices":["2:4","4:4"]}"#,
    ] { #expect(run.contains(part), "\(part) in \(run)") }
    let asked = receive(ready)
    #expect(asked == [.send(request.line(id: id))])
    #expect(
      request.line(id: id).hasPrefix(
        #"{"type":"evaluate","id":0,"genome":{"blocks.0.attn.qkv":"2:4","#))
    #expect(request.line(id: id).hasSuffix(#""images":[3,1,2]}"#))
  }

  @Test mutating func `bits and losses become a measurement in the order asked`() {
    startUp()
    let id = conversation.evaluate(request, at: at(0)).id
    let effects = receive(
      #"{"type":"result","id":\#(id),"correct":"05","losses":[0.5,2,0.25]}"#)
    var correct = BitVector(count: 3)
    (correct[0], correct[2]) = (true, true)
    #expect(
      effects == [
        .finished(
          id, .measured(ShardMeasurement(correct: correct, summedLoss: 2.75), MeasuredCosts()))
      ])
  }

  /// A talk about a run that wants the latency measured.
  private static func measuring() throws -> EvaluatorConversation {
    var description = try ExampleRun().description
    description.numerics = Numerics(backend: Backend(name: "mine", version: "3"), options: [:])
    description.measuredCosts = [.latency]
    (description.model, description.configuration, description.data) = (nil, nil, nil)
    return EvaluatorConversation(
      about: EvaluatorRun(
        model: nil, configuration: nil, data: nil, bank: nil, description: description))
  }

  @Test mutating func `what a run wants measured is asked for, and what it computes is not taken`()
    throws
  {
    conversation = try Self.measuring()
    #expect(conversation.tick(at: at(0)) == [.start])
    guard case .send(let run) = conversation.started(at: at(0)).first else {
      Issue.record("the run should be told")
      return
    }
    for part in [
      #""model":null,"configuration":null,"data":null"#, #""measured":["latencySeconds"]"#,
      #""batch":1"#,
    ] { #expect(run.contains(part), "\(part) in \(run)") }
    _ = receive(ready)
    let id = conversation.evaluate(request, at: at(0)).id
    let measured = #"{"latencySeconds":0.25,"energyJoules":3}"#
    let effects = receive(#"{"type":"result","id":\#(id),"correct":"05","costs":\#(measured)}"#)
    guard case .finished(_, .measured(_, let costs)) = effects.first else {
      Issue.record("\(effects)")
      return
    }
    #expect(costs == MeasuredCosts(latencySeconds: 0.25))
  }

  @Test(arguments: [
    #"{}"#, #"null"#, #"{"energyJoules":1}"#, #"{"latencySeconds":null}"#,
  ])
  mutating func `a result without what the run wants measured has failed`(costs: String) throws {
    conversation = try Self.measuring()
    startUp()
    let id = conversation.evaluate(request, at: at(0)).id
    let effects = receive(#"{"type":"result","id":\#(id),"correct":"05","costs":\#(costs)}"#)
    #expect(Self.failures(effects).first?.contains("costs.latencySeconds") == true, "\(effects)")
  }

  @Test(arguments: [
    (#"{"latencySeconds":0}"#, "costs.latencySeconds is 0.0"),
    (#"{"latencySeconds":-1.5}"#, "costs.latencySeconds is -1.5"),
    (#"{"latencySeconds":"fast"}"#, "costs.latencySeconds is"),
    (#"[1]"#, "costs is"),
  ])
  mutating func `costs that are none fail their evaluation at once`(costs: String, part: String)
    throws
  {
    conversation = try Self.measuring()
    startUp()
    let id = conversation.evaluate(request, at: at(0)).id
    let effects = receive(#"{"type":"result","id":\#(id),"correct":"05","costs":\#(costs)}"#)
    #expect(Self.failures(effects).first?.contains(part) == true, "\(effects)")
  }

  @Test mutating func `without losses an image's is 0 or 1`() {
    startUp()
    let id = conversation.evaluate(request, at: at(0)).id
    let effects = receive(#"{"type":"result","id":\#(id),"correct":"02"}"#)
    guard case .finished(_, .measured(let measurement, _)) = effects.first else {
      Issue.record("\(effects)")
      return
    }
    #expect(measurement.summedLoss == 2)
  }

  @Test(arguments: [
    (#"{"type":"result","id":0,"correct":"0505"}"#, "instead of 1"),
    (#"{"type":"result","id":0,"correct":"0d"}"#, "spare bits"),
    (#"{"type":"result","id":0,"correct":"05","losses":[1,2]}"#, "2 losses of 3 images"),
    (#"{"type":"result","id":0,"correct":"05","losses":[1,2,-1]}"#, "negative"),
    (#"{"type":"result","id":0,"correct":"05","losses":[1,1e308,1e308]}"#, "finite"),
    (#"{"type":"error","id":0,"message":"no GPU"}"#, "the evaluator says: no GPU"),
    (#"{"type":"result","id":0}"#, #"the key "correct" is missing"#),
    (#"{"type":"result","id":0,"correct":"0x"}"#, "two hexadecimal digits"),
    (#"{"type":"result","id":0,"correct":"05","losses":["a"]}"#, "losses is"),
  ])
  func `a result that is none fails its evaluation`(line: String, part: String) {
    var tests = self
    tests.startUp()
    _ = tests.conversation.evaluate(request, at: at(0))
    let failures = Self.failures(tests.receive(line))
    #expect(failures.count == 1)
    #expect(failures.first?.contains(part) == true, "\(failures)")
  }

  @Test(arguments: [
    "", "nonsense", "[]", "{}", #"{"type":"hello"}"#,
    #"{"type":"result","id":-1,"correct":"05"}"#, #"{"type":"result","correct":"05"}"#,
    #"{"type":"result","id":7,"correct":"05"}"#, #"{"type":"progress","id":0,"images":4}"#,
    #"{"type":"ready","name":"mine","version":"3"}"#, #"{"type":"error","id":0}"#,
    #"{"type":"result","id":0,"correct":"05","losses":[NaN,1,1]}"#,
  ])
  func `a line that is none is told and changes nothing`(line: String) {
    var tests = self
    tests.startUp()
    _ = tests.conversation.evaluate(request, at: at(0))
    let effects = tests.receive(line)
    #expect(Self.diagnostics(effects).count == 1, "\(effects)")
    #expect(effects.count == 1)
    let result = tests.receive(#"{"type":"result","id":0,"correct":"00"}"#)
    #expect(result.count == 1 && Self.failures(result).isEmpty)
  }

  @Test mutating func `a flood of lines ends the program, which is started again`() {
    startUp()
    let id = conversation.evaluate(request, at: at(0)).id
    var logged = 0
    var killed = false
    for _ in 0..<20 {
      let effects = receive("noise")
      logged += Self.diagnostics(effects).count
      killed = killed || effects.contains(.kill)
    }
    #expect(killed)
    #expect(logged == 10, "what repeats itself is told ten times")
    let ended = conversation.ended("was ended by signal 9", at: at(1))
    #expect(Self.failures(ended).first?.contains("20 lines without a meaning") == true)
    #expect(ended.contains { if case .finished(id, _) = $0 { true } else { false } })
    #expect(conversation.nextDeadline == at(2))
    let again = conversation.tick(at: at(2))
    #expect(again == [.start])
  }

  @Test mutating func `one that is not ready in time is ended`() {
    _ = conversation.tick(at: at(0))
    _ = conversation.started(at: at(0))
    #expect(conversation.nextDeadline == at(10))
    let effects = conversation.tick(at: at(10))
    #expect(effects == [.kill])
    let told = Self.diagnostics(conversation.ended("was ended by signal 9", at: at(10)))
    #expect(told.first?.contains("has not said that it is ready within 10") == true)
  }

  @Test mutating func `one that hangs is ended, progress buys time, and only progress`() {
    startUp()
    let id = conversation.evaluate(request, at: at(0)).id
    #expect(conversation.nextDeadline == at(4))
    let progress = receive(#"{"type":"progress","id":\#(id),"images":1}"#, at: 3)
    #expect(progress == [.progressed(id, images: 1)])
    #expect(conversation.nextDeadline == at(6))
    let same = receive(#"{"type":"progress","id":\#(id),"images":1}"#, at: 5)
    #expect(same.isEmpty)
    #expect(conversation.nextDeadline == at(6))
    let effects = conversation.tick(at: at(6))
    #expect(effects == [.kill])
    let failures = Self.failures(conversation.ended("was ended by signal 9", at: at(6)))
    #expect(failures.first?.contains("1 of 3 images") == true)
  }

  @Test mutating func `evaluations may be taken one after the other`() {
    startUp()
    let ids = (0..<2).map { _ in conversation.evaluate(request, at: at(0)).id }
    #expect(conversation.nextDeadline == at(7))
    _ = receive(#"{"type":"result","id":\#(ids[0]),"correct":"05"}"#, at: 5)
    #expect(conversation.nextDeadline == at(9))
    let early = conversation.tick(at: at(8))
    #expect(early.isEmpty)
    let effects = conversation.tick(at: at(9))
    #expect(effects == [.kill])
  }

  @Test mutating func `what is cancelled may still take its time`() {
    startUp()
    let first = conversation.evaluate(request, at: at(0)).id
    _ = conversation.cancel(first)
    let second = conversation.evaluate(request, at: at(1)).id
    #expect(conversation.nextDeadline == at(8))
    // It is past that once it answers what came later.
    _ = receive(#"{"type":"progress","id":\#(second),"images":1}"#, at: 2)
    #expect(conversation.nextDeadline == at(5))
  }

  @Test mutating func `what was cancelled long ago gives a program that hangs no time`() {
    startUp()
    for _ in 0..<100 { _ = conversation.cancel(conversation.evaluate(request, at: at(0)).id) }
    let id = conversation.evaluate(request, at: at(0)).id
    _ = receive(#"{"type":"result","id":\#(id),"correct":"05"}"#, at: 10)
    _ = conversation.evaluate(request, at: at(10))
    #expect(conversation.nextDeadline == at(14))
  }

  @Test mutating func `what was cancelled may still be answered, and is not heard`() {
    startUp()
    let id = conversation.evaluate(request, at: at(0)).id
    let effects = conversation.cancel(id)
    #expect(effects == [.send(EvaluatorRequest.cancelLine(id: id))])
    #expect(conversation.nextDeadline == nil)
    let late = receive(#"{"type":"result","id":\#(id),"correct":"05"}"#)
    #expect(late.isEmpty)
    #expect(conversation.cancel(id).isEmpty)
  }

  @Test mutating func `pauses grow, a result makes them short, and five deaths are enough`() {
    var now = 0.0
    var pauses: [Duration] = []
    func die(_ tests: inout Self) -> [Conversation.Effect] {
      _ = tests.conversation.tick(at: tests.at(now))
      _ = tests.conversation.started(at: tests.at(now))
      return tests.conversation.ended("has ended with status 1", at: tests.at(now))
    }
    for _ in 0..<4 {
      _ = die(&self)
      guard let next = conversation.nextDeadline else { break }
      pauses.append(next - at(now))
      now += Double((next - at(now)).components.seconds)
    }
    #expect(pauses == [1, 2, 4, 8].map { .seconds($0) })
    _ = conversation.tick(at: at(now))
    _ = conversation.started(at: at(now))
    _ = receive(ready, at: now)
    let id = conversation.evaluate(request, at: at(now)).id
    _ = receive(#"{"type":"result","id":\#(id),"correct":"05"}"#, at: now)
    var last: [Conversation.Effect] = conversation.ended("has ended with status 1", at: at(now))
    #expect(conversation.nextDeadline == at(now + 1))
    for _ in 0..<4 {
      now += 30
      last = die(&self)
    }
    #expect(Self.diagnostics(last).last?.contains("for the 5. time") == true)
    guard case .over = conversation.phase else {
      Issue.record("\(conversation.phase)")
      return
    }
    #expect(conversation.nextDeadline == nil)
    #expect(Self.failures(conversation.evaluate(request, at: at(now)).effects).count == 1)
  }

  @Test mutating func `a program of another version is of no use`() {
    _ = conversation.tick(at: at(0))
    _ = conversation.started(at: at(0))
    let effects = receive(#"{"type":"ready","name":"mine","version":"2"}"#)
    #expect(effects.first == .kill)
    #expect(
      conversation.phase
        == .over(reason: "the evaluator is mine/2, and the run is computed by mine/3"))
    #expect(conversation.ended("was ended by signal 9", at: at(0)).isEmpty)
  }

  @Test mutating func `a line without an end ends the program`() {
    startUp()
    let effects = conversation.overflowed(sizeMax: 7)
    #expect(effects == [.kill])
    let told = Self.diagnostics(conversation.ended("was ended by signal 9", at: at(0)))
    #expect(told == ["the evaluator has written a line of more than 7 bytes"])
  }
}
