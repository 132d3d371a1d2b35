//! Tags and directives.

use super::Problem;
use super::chars::is_word;
use super::scanner::{Scanner, Token};

impl<'a> Scanner<'a> {
    pub(super) fn scan_tag(&mut self) -> Result<Token<'a>, Problem> {
        let token = if self.cursor.peek(1) == b'<' {
            self.cursor.at += 2;
            let suffix = self.scan_uri("")?;
            if self.cursor.peek(0) != b'>' {
                return self.error("did not find the expected '>'");
            }
            self.cursor.at += 1;
            Token::Tag { handle: "", suffix }
        } else {
            let handle = self.scan_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                Token::Tag { handle, suffix: self.scan_uri("")? }
            } else {
                let suffix = self.scan_uri(handle)?;
                match suffix.as_str() {
                    "" => Token::Tag { handle: "", suffix: "!".to_owned() },
                    _ => Token::Tag { handle: "!", suffix },
                }
            }
        };
        if !self.cursor.is_blankz(0) {
            return self.error("did not find expected whitespace or line break");
        }
        Ok(token)
    }

    fn scan_handle(&mut self, directive: bool) -> Result<&'a str, Problem> {
        let start = self.cursor.at;
        if self.cursor.peek(0) != b'!' {
            return self.error("did not find expected '!'");
        }
        self.cursor.at += 1;
        while is_word(self.cursor.peek(0)) {
            self.cursor.at += 1;
        }
        if self.cursor.peek(0) == b'!' {
            self.cursor.at += 1;
        } else if directive && self.cursor.at - start > 1 {
            return self.error("did not find expected '!'");
        }
        Ok(&self.cursor.text[start..self.cursor.at])
    }

    /// A URI; `head` is a handle that turned out to be its start.
    fn scan_uri(&mut self, head: &str) -> Result<String, Problem> {
        let mut uri = head.get(1..).unwrap_or_default().as_bytes().to_vec();
        let mut found = !head.is_empty();
        loop {
            let byte = self.cursor.peek(0);
            match byte {
                b'%' => uri.push(self.scan_octet()?),
                b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',' | b'.' | b'!' | b'~'
                | b'*' | b'\'' | b'(' | b')' | b'[' | b']' => {
                    uri.push(byte);
                    self.cursor.at += 1;
                }
                _ if is_word(byte) => {
                    uri.push(byte);
                    self.cursor.at += 1;
                }
                _ => break,
            }
            found = true;
        }
        if !found {
            return self.error("did not find expected tag URI");
        }
        match String::from_utf8(uri) {
            Ok(uri) => Ok(uri),
            Err(_) => self.error("found an incorrect UTF-8 octet"),
        }
    }

    fn scan_octet(&mut self) -> Result<u8, Problem> {
        let digits = [self.cursor.peek(1), self.cursor.peek(2)];
        match (char::from(digits[0]).to_digit(16), char::from(digits[1]).to_digit(16)) {
            (Some(high), Some(low)) => {
                self.cursor.at += 3;
                Ok((high * 16 + low) as u8)
            }
            _ => self.error("did not find URI escaped octet"),
        }
    }

    pub(super) fn scan_directive(&mut self) -> Result<Token<'a>, Problem> {
        self.cursor.at += 1;
        let start = self.cursor.at;
        while is_word(self.cursor.peek(0)) {
            self.cursor.at += 1;
        }
        let name = &self.cursor.text[start..self.cursor.at];
        if name.is_empty() {
            return self.error("could not find expected directive name");
        }
        if !self.cursor.is_blankz(0) {
            return self.error("found unexpected non-alphabetical character");
        }
        self.skip_blanks();
        let token = match name {
            "YAML" => {
                let major = self.scan_version_number()?;
                if self.cursor.peek(0) != b'.' {
                    return self.error("did not find expected digit or '.' character");
                }
                self.cursor.at += 1;
                let minor = self.scan_version_number()?;
                Token::VersionDirective { supported: (major, minor) == (1, 1) }
            }
            "TAG" => {
                let handle = self.scan_handle(true)?;
                if !self.cursor.is_blank(0) {
                    return self.error("did not find expected whitespace");
                }
                self.skip_blanks();
                let prefix = self.scan_uri("")?;
                if !self.cursor.is_blankz(0) {
                    return self.error("did not find expected whitespace or line break");
                }
                Token::TagDirective { handle, prefix }
            }
            _ => return self.error("found unknown directive name"),
        };
        self.skip_blanks();
        if self.cursor.peek(0) == b'#' {
            self.cursor.skip_to_break();
        }
        if !self.cursor.is_breakz(0) {
            return self.error("did not find expected comment or line break");
        }
        if self.cursor.is_break(0) {
            self.cursor.take_break();
        }
        Ok(token)
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.cursor.is_blank(0) {
            self.cursor.at += 1;
        }
    }

    fn scan_version_number(&mut self) -> Result<u8, Problem> {
        let mut number = 0;
        let start = self.cursor.at;
        while self.cursor.peek(0).is_ascii_digit() {
            if self.cursor.at - start == 2 {
                return self.error("found extremely long version number");
            }
            number = number * 10 + (self.cursor.peek(0) - b'0');
            self.cursor.at += 1;
        }
        if self.cursor.at == start {
            return self.error("did not find expected version number");
        }
        Ok(number)
    }
}
