use std::io::{Cursor, Write as _};

use rstest::rstest;
use rust_xlsxwriter::{ExcelDateTime as Day, Format, Formula, Workbook};

use super::*;
use crate::files::office::tests::archive;
use crate::files::store::EvidenceStore;

/// Reads a file as it would come from a browser.
fn sent(name: &str, bytes: &[u8]) -> Result<Table, TableRefusal> {
    let folder = std::env::temp_dir().join(format!("throughline-table-{}", uuid::Uuid::new_v4()));
    let store = EvidenceStore::local(&folder).unwrap();
    let pieces: Vec<Result<Bytes, String>> =
        bytes.chunks(64 * 1024).map(|p| Ok(Bytes::copy_from_slice(p))).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let read = runtime.block_on(store.read_table(name, futures_util::stream::iter(pieces)));
    let left = std::fs::read_dir(folder.join("incoming")).unwrap().count();
    assert_eq!(left, 0, "nothing of the file stays");
    std::fs::remove_dir_all(folder).unwrap();
    match read {
        Ok(table) => Ok(table),
        Err(TableError::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other}"),
    }
}

/// The rows as lines: number, then the cells.
fn lines(sheet: &Sheet) -> Vec<String> {
    sheet.rows.iter().map(|row| format!("{}: {}", row.n, row.cells.join("|"))).collect()
}

fn xlsx(make: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    make(&mut book);
    book.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_is_read_as_it_reads_on_paper() {
    let bytes = xlsx(|book| {
        let dated = Format::new().set_num_format("dd/mm/yyyy");
        let sheet = book.add_worksheet().set_name("Tracker").unwrap();
        sheet.merge_range(0, 0, 0, 2, "Rowan House plan", &Format::new()).unwrap();
        for (at, name) in (0..).zip(["Issue", "Action", "Due"]) {
            sheet.write(2, at, name).unwrap();
        }
        sheet.merge_range(3, 0, 4, 0, "No dose\non PRN charts", &Format::new()).unwrap();
        sheet.write(3, 1, "Add a dose").unwrap();
        sheet.write_datetime_with_format(3, 2, Day::from_ymd(2026, 4, 3).unwrap(), &dated).unwrap();
        sheet.write(4, 1, "Check 8 charts").unwrap();
        sheet.write_formula(4, 2, Formula::new("=C4+7").set_result("46122")).unwrap();
        sheet.write(5, 1, true).unwrap();
        sheet.write(5, 2, 12.0).unwrap();
        book.add_worksheet().set_name("Lists").unwrap().set_hidden(true).write(0, 0, "hidden").unwrap();
        book.add_worksheet().set_name("Empty").unwrap();
    });
    let table = sent("Plan 2026.xlsx", &bytes).unwrap();
    assert_eq!(table.sheets.len(), 1, "hidden and empty sheets are not offered");
    assert_eq!(table.sheets[0].name, "Tracker");
    assert_eq!(
        lines(&table.sheets[0]),
        [
            "1: Rowan House plan|Rowan House plan|Rowan House plan",
            "3: Issue|Action|Due",
            "4: No dose\non PRN charts|Add a dose|2026-04-03",
            "5: No dose\non PRN charts|Check 8 charts|46122",
            "6: |Yes|12",
        ]
    );
    assert_eq!(table.sha256, ContentHash::from(<[u8; 32]>::from(Sha256::digest(&bytes))));
}

#[rstest]
#[case::plain("a,b\n1,2\n".as_bytes(), &["1: a|b", "2: 1|2"])]
#[case::marked(b"\xEF\xBB\xBFa,b\r\n\"1,5\",\"x\ny\"\r\n\r\n3,4\r\n", &["1: a|b", "2: 1,5|x\ny", "4: 3|4"])]
#[case::windows(b"Issue;Action\r\nCaf\xE9 \x96 no menu;Ask, then write\r\n", &["1: Issue|Action", "2: Café – no menu|Ask, then write"])]
#[case::tabs("a\tb\nx, y, z\t2\n".as_bytes(), &["1: a|b", "2: x, y, z|2"])]
#[case::says_so("sep=;\na;b\n1,2;3\n".as_bytes(), &["2: a|b", "3: 1,2|3"])]
#[case::utf16(b"\xFF\xFEa\0\t\0b\0\n\0", &["1: a|b"])]
#[case::no_end("a;b;c\n1;2;3".as_bytes(), &["1: a|b|c", "2: 1|2|3"])]
#[case::formula("a,b\n=cmd|' /C calc'!A0,@SUM(1)\n".as_bytes(), &["1: a|b", "2: =cmd|' /C calc'!A0|@SUM(1)"])]
fn text_with_separators_is_read(#[case] bytes: &[u8], #[case] wanted: &[&str]) {
    let table = sent("tracker.csv", bytes).unwrap();
    assert_eq!(lines(&table.sheets[0]), wanted);
}

/// An OpenDocument spreadsheet with these rows.
fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet>\
         <table:table table:name=\"Plan\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            b"<?xml version=\"1.0\"?><manifest:manifest xmlns:manifest=\"m\"></manifest:manifest>",
        ),
        ("content.xml", content.as_bytes()),
    ])
}

fn text_cell(text: &str) -> String {
    format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
}

#[test]
fn an_open_document_is_read() {
    let day = "<table:table-cell office:value-type=\"date\" office:date-value=\"2026-04-03\"><text:p>03/04/26</text:p></table:table-cell>";
    let rows = format!(
        "<table:table-row>{}{}</table:table-row><table:table-row table:number-rows-repeated=\"2\"><table:table-cell/></table:table-row>\
         <table:table-row>{}{day}</table:table-row><table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>",
        text_cell("Action"),
        text_cell("Due"),
        text_cell("Add a dose")
    );
    let table = sent("plan.ods", &ods(&rows)).unwrap();
    assert_eq!(lines(&table.sheets[0]), ["1: Action|Due", "4: Add a dose|2026-04-03"]);
}

#[rstest]
#[case::down(
    "<table:table-row table:number-rows-repeated=\"1000000\">CELL</table:table-row>",
    TableRefusal::TooManyRows
)]
#[case::across("<table:table-row>WIDE</table:table-row>", TableRefusal::TooMuchInside)]
fn an_open_document_that_repeats_itself_without_end_is_refused(
    #[case] rows: &str,
    #[case] wanted: TableRefusal,
) {
    let wide = "<table:table-cell office:value-type=\"string\" table:number-columns-repeated=\"16000\"><text:p>x</text:p></table:table-cell>";
    let bytes = ods(&rows.replace("CELL", &text_cell("x")).replace("WIDE", wide));
    assert_eq!(sent("plan.ods", &bytes).unwrap_err(), wanted);
}

/// A workbook of Excel 97 to 2003 with labels in these cells.
fn xls(cells: &[(u16, u16, &str)]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut record = |kind: u16, body: &[u8]| {
        stream.extend(kind.to_le_bytes());
        stream.extend(u16::try_from(body.len()).unwrap().to_le_bytes());
        stream.extend(body);
        stream.len()
    };
    let bof = |kind: u16| [0x0600_u16.to_le_bytes(), kind.to_le_bytes(), [0, 0], [0, 0]].concat();
    let begun = record(0x0809, &bof(5));
    let name = b"Plan";
    let sheet_at = u32::try_from(begun + 4 + 8 + name.len() + 4).unwrap();
    record(0x0085, &[&sheet_at.to_le_bytes()[..], &[0, 0, 4, 0], name].concat());
    let at = record(0x000A, &[]);
    assert_eq!(at, sheet_at as usize);
    record(0x0809, &bof(16));
    for (row, column, text) in cells {
        let length = u16::try_from(text.len()).unwrap().to_le_bytes();
        record(
            0x0204,
            &[&row.to_le_bytes()[..], &column.to_le_bytes(), &[0, 0], &length, &[0], text.as_bytes()]
                .concat(),
        );
    }
    record(0x000A, &[]);
    let mut packed = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    packed.create_stream("/Workbook").unwrap().write_all(&stream).unwrap();
    packed.flush().unwrap();
    packed.into_inner().into_inner()
}

#[test]
fn an_old_workbook_is_read() {
    let table =
        sent("plan.xls", &xls(&[(0, 0, "Action"), (0, 1, "Due"), (2, 0, "Add a dose"), (2, 1, "3/4/2026")]))
            .unwrap();
    assert_eq!(lines(&table.sheets[0]), ["1: Action|Due", "3: Add a dose|3/4/2026"]);
}

#[test]
fn an_old_workbook_that_reaches_from_corner_to_corner_is_refused() {
    let far = xls(&[(0, 0, "Action"), (65_000, 255, "x")]);
    assert_eq!(sent("plan.xls", &far).unwrap_err(), TableRefusal::TooManyRows);
    let many: Vec<(u16, u16, &str)> = (0..255).map(|n| (n * 150, 255, "x")).collect();
    assert_eq!(sent("plan.xls", &xls(&many)).unwrap_err(), TableRefusal::TooMuchInside);
}

#[test]
fn a_workbook_with_two_cells_far_apart_takes_no_room() {
    let far = xlsx(|book| {
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "Action").unwrap();
        sheet.write(1_048_575, 3, "x").unwrap();
    });
    let table = sent("far.xlsx", &far).unwrap();
    assert_eq!(lines(&table.sheets[0]), ["1: Action", "1048576: |||x"]);
    let wide = xlsx(|book| {
        book.add_worksheet().write(0, 16_383, "x").unwrap();
    });
    assert_eq!(sent("wide.xlsx", &wide).unwrap_err(), TableRefusal::TooManyColumns("Sheet1".to_owned()));
}

#[test]
fn twenty_thousand_rows_are_read_and_one_more_is_not() {
    let of = |rows: usize| (0..rows).map(|n| format!("Do thing {n};3/4/2026\n")).collect::<String>();
    assert_eq!(sent("many.csv", of(MOST_ROWS).as_bytes()).unwrap().sheets[0].rows.len(), MOST_ROWS);
    assert_eq!(sent("many.csv", of(MOST_ROWS + 1).as_bytes()).unwrap_err(), TableRefusal::TooManyRows);
}

/// A part that declares less than it unpacks to.
fn lying(mut zip: Vec<u8>) -> Vec<u8> {
    let at = zip.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    zip[at + 24..at + 28].copy_from_slice(&1_u32.to_le_bytes());
    zip
}

#[test]
fn hostile_files_are_refused() {
    let zeros = vec![0_u8; 6 << 20];
    let bomb = archive(&[
        ("[Content_Types].xml", b"<t/>"),
        ("xl/workbook.xml", b"<w/>"),
        ("xl/worksheets/sheet1.xml", &zeros),
    ]);
    assert_eq!(sent("bomb.xlsx", &bomb).unwrap_err(), TableRefusal::TooMuchInside);
    let small = archive(&[
        ("[Content_Types].xml", b"<t/>"),
        ("xl/workbook.xml", b"<w/>"),
        ("xl/more.xml", &zeros[..1 << 20]),
    ]);
    // the reader of archives may notice the lie before we do
    let lie = sent("lie.xlsx", &lying(small)).unwrap_err();
    assert!(matches!(lie, TableRefusal::TooMuchInside | TableRefusal::Damaged), "{lie}");
    let good = xlsx(|book| {
        book.add_worksheet().write(0, 0, "Action").unwrap();
    });
    assert_eq!(sent("cut.xlsx", &good[..good.len() / 2]).unwrap_err(), TableRefusal::Damaged);
    let mismatch = |ending: &str| TableRefusal::Mismatch(ending.to_owned());
    assert_eq!(sent("wrong.csv", &good).unwrap_err(), mismatch("csv"));
    assert_eq!(sent("wrong.xls", &good).unwrap_err(), mismatch("xls"));
    assert_eq!(sent("wrong.ods", &good).unwrap_err(), mismatch("ods"));
    assert_eq!(sent("wrong.xlsx", b"a,b\n1,2\n").unwrap_err(), mismatch("xlsx"));
    assert_eq!(sent("photo.csv", &[0xFF, 0xD8, 0xFF, 0xE0, 0, 16, b'J', 0]).unwrap_err(), mismatch("csv"));
    assert_eq!(sent("locked.xlsx", &xls(&[(0, 0, "x")])).unwrap_err(), TableRefusal::Locked);
    assert_eq!(sent("empty.csv", b"").unwrap_err(), TableRefusal::Empty);
    assert_eq!(sent("blank.csv", b"\n;;;\n\n").unwrap_err(), TableRefusal::NothingInside);
    assert_eq!(sent("plan.pdf", b"%PDF-1.4").unwrap_err(), TableRefusal::Ending);
    assert_eq!(sent("plan", b"a,b").unwrap_err(), TableRefusal::Ending);
    let large = vec![b'x'; 26 << 20];
    assert_eq!(sent("large.csv", &large).unwrap_err(), TableRefusal::TooLarge);
}

#[test]
fn of_a_workbook_with_macros_only_the_cells_are_read() {
    let plain = xlsx(|book| {
        book.add_worksheet().write(0, 0, "Action").unwrap();
    });
    let mut zip = zip::ZipWriter::new_append(Cursor::new(plain)).unwrap();
    zip.start_file("xl/vbaProject.bin", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"Sub Auto_Open()").unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    assert_eq!(lines(&sent("macros.xlsm", &bytes).unwrap().sheets[0]), ["1: Action"]);
}
