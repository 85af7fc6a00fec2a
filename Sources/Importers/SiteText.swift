internal import Engine
internal import Wire

/// The site that an import shows, as a site file that strategies can be tried with.
///
/// Every queue of the recording becomes a routing point of its name, so that a strategy of its name
/// decides about the calls that came to it, and a queue beside it that calls may wait in.
enum SiteText {
  /// The bytes of the file.
  static func bytes(_ plan: Plan, _ report: borrowing ImportReport) -> [UInt8] {
    var lines = [
      "-- Made by pointsman import \(report.source): what can be seen in it. Yours to edit.",
      "---@type Site",
      "return {",
      "  name = \(quoted(plan.name)),",
      "  sip = { listen = { \"udp:127.0.0.1:5060\" }, domain = \"imported.local\" },",
      "  no_answer = { action = \"none\" },",
      "  extensions = {",
    ]
    for phone in plan.extensions {
      lines.append("    [\(quoted(phone.dn.number))] = { contact = \"sip:phone@127.0.0.1\" },")
    }
    lines += ["  },", "  agents = {"]
    for agent in plan.agents {
      let skills = agent.skills.map { "\($0.name) = \($0.level)" }.joined(separator: ", ")
      let phone = agent.extensionDN.map { ", extension = \(quoted($0.number))" } ?? ""
      lines.append("    [\(quoted(agent.id.text))] = { skills = { \(skills) }\(phone) },")
    }
    lines += ["  },", "  queues = {"]
    for queue in plan.queues {
      let wrapUp = queue.wrapUp == .zero ? "" : ", wrap_up = \(queue.wrapUp.secondsText)"
      lines.append(
        "    [\(quoted(line(queue)))] = { agents = \(quoted(queue.agents ?? ""))\(wrapUp) },"
      )
    }
    lines += ["  },", "  -- Calls came to these; strategies/NAME.lua decides about them."]
    lines.append("  routing_points = {")
    for queue in plan.queues {
      lines.append(
        "    [\(quoted(queue.dn.number))] = { strategy = \(quoted(strategy(queue))), "
          + "timeout = 3600, default = { \(quoted("queue:" + line(queue))) } },"
      )
    }
    lines += ["  },", "}", ""]
    return Array(lines.joined(separator: "\n").utf8)
  }

  /// The queue beside the routing point.
  private static func line(_ queue: QueuePlan) -> String { queue.dn.number + "-queue" }

  /// A strategy is a file: its name is that of the queue's skill, which is plain.
  private static func strategy(_ queue: QueuePlan) -> String {
    String((queue.agents ?? queue.dn.number).prefix { $0 != " " })
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case "\u{0}"..<" ", "\u{7F}": result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
