import GRDB

/// The version of the SQLite that the program runs with, as in `3.40.1`.
package var sqliteVersion: String {
  do {
    let version = try DatabaseQueue().read { database in
      try String.fetchOne(database, sql: "SELECT sqlite_version()")
    }
    return version ?? "unknown"
  } catch {
    return "unknown (\(error))"
  }
}
