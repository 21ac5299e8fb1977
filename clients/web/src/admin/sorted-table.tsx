// A table whose columns can be sorted by, which scrolls sideways where it is wider than the screen.
import { type ReactNode, useState } from "react";

export interface Column<Row> {
  name: string;
  /** What rows are sorted by; numbers begin with the largest. */
  by: (row: Row) => number | string;
  cell: (row: Row) => ReactNode;
  numeric?: boolean;
  /** For people who wonder what it is. */
  hint?: string;
}

export interface SortedTableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** The name of the column that is sorted by at first. */
  first: string;
  empty: string;
  rowTestId: string;
}

type Order = { column: string; ascending: boolean };

function compare(a: number | string, b: number | string): number {
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });
}

export function SortedTable<Row>(props: SortedTableProps<Row>) {
  const { caption, columns, rows, keyOf, first, empty, rowTestId } = props;
  const [order, setOrder] = useState<Order>({
    column: first,
    ascending: !columns.find(({ name }) => name === first)?.numeric,
  });
  const column = columns.find(({ name }) => name === order.column);
  const shown = [...rows];
  if (column) {
    shown.sort(
      (a, b) =>
        (order.ascending ? 1 : -1) * compare(column.by(a), column.by(b)) ||
        compare(keyOf(a), keyOf(b)),
    );
  }
  const choose = ({ name, numeric }: Column<Row>) =>
    setOrder((before) =>
      before.column === name
        ? { column: name, ascending: !before.ascending }
        : { column: name, ascending: !numeric },
    );
  if (rows.length === 0) return <p className="muted">{empty}</p>;
  return (
    // Reached by keyboard, since what lies beyond its edge holds nothing to focus.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
    <section className="table-scroll" tabIndex={0} aria-label={caption}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((each) => {
              const chosen = each.name === order.column;
              const direction = order.ascending ? "ascending" : "descending";
              return (
                <th
                  key={each.name}
                  scope="col"
                  className={each.numeric ? "numeric" : undefined}
                  aria-sort={chosen ? direction : "none"}
                >
                  <button type="button" title={each.hint} onClick={() => choose(each)}>
                    {each.name}
                    <span aria-hidden="true">{chosen ? (order.ascending ? " ▲" : " ▼") : ""}</span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={keyOf(row)} data-testid={rowTestId} data-key={keyOf(row)}>
              {columns.map((each) => (
                <td key={each.name} className={each.numeric ? "numeric" : undefined}>
                  {each.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
