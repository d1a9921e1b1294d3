//! No bytes make a body panic; content and end do not hang on the split; chunks written anew hold the same content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portero::http1::{BadBody, BodyReader, chunk_head, last_chunk};
use portero_api::Framing;

/// Content, whether the body ended, bytes left over.
fn read<'a>(
    framing: Framing,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, bool, usize), BadBody> {
    let mut reader = BodyReader::new(framing);
    let (mut data, mut ended, mut rest) = (Vec::new(), false, 0);
    for mut piece in pieces {
        while !piece.is_empty() && !ended {
            let step = reader.next(piece)?;
            assert!(step.consumed > 0 || step.end);
            data.extend_from_slice(step.data);
            ended = step.end;
            piece = &piece[step.consumed..];
        }
        rest += piece.len();
    }
    Ok((data, ended, rest))
}

fuzz_target!(|input: &[u8]| {
    let Some((&split, raw)) = input.split_first() else { return };
    let step = usize::from(split).max(1);
    for framing in [Framing::Chunked, Framing::Length(u64::from(split)), Framing::UntilClose] {
        let whole = read(framing, [raw]);
        assert_eq!(read(framing, raw.chunks(step)), whole);
        let Ok((data, ..)) = whole else { continue };
        let mut wire = Vec::new();
        for chunk in data.chunks(step) {
            wire.extend_from_slice(chunk_head(chunk.len(), &mut [0; 18]));
            wire.extend_from_slice(chunk);
            wire.extend_from_slice(b"\r\n");
        }
        last_chunk(None, &mut wire);
        assert_eq!(read(Framing::Chunked, [&wire[..]]), Ok((data, true, 0)));
    }
});
