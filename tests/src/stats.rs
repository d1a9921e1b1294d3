//! Reads the statistics as HAProxy's CSV (manual, management guide 9.1).

/// One reading of `;csv`.
#[derive(Clone, Debug)]
pub struct Stats {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Stats {
    /// Reads the text of a CSV page.
    pub fn from_csv(text: &str) -> Stats {
        let mut lines = text.lines().filter(|line| !line.is_empty());
        let header = lines.next().and_then(|line| line.strip_prefix("# ")).expect("a CSV header");
        let cells = |line: &str| line.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect();
        Stats { columns: cells(header), rows: lines.map(cells).collect() }
    }

    /// A field by HAProxy's names; `server` may be `FRONTEND` or `BACKEND`.
    pub fn field(&self, proxy: &str, server: &str, name: &str) -> &str {
        let column = self.columns.iter().position(|column| column == name);
        let column = column.unwrap_or_else(|| panic!("no column {name:?} in {:?}", self.columns));
        let row = self.rows.iter().find(|row| row[0] == proxy && row[1] == server);
        &row.unwrap_or_else(|| panic!("no row {proxy}/{server} in {:?}", self.rows))[column]
    }

    /// A field that is a number; an empty one is 0.
    pub fn number(&self, proxy: &str, server: &str, name: &str) -> u64 {
        let text = self.field(proxy, server, name);
        if text.is_empty() { 0 } else { text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}")) }
    }
}
