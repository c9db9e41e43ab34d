//! Expressions.

use crate::errors;
use crate::plan::{PlanContext, call, cast, literal, missing, order, types};
use crate::proto;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::expr::{InList, Sort as SortExpr};
use datafusion::logical_expr::{Case, Expr, ExprSchemable, lit};
use datafusion::scalar::ScalarValue;

/// An expression and its type.
#[derive(Debug, Clone)]
pub struct Typed {
    pub expr: Expr,
    pub data_type: DataType,
}

impl Typed {
    pub fn new(expr: Expr, data_type: DataType) -> Self {
        Self { expr, data_type }
    }

    /// The same value at another type; nothing is added when it has that type already.
    pub fn cast_to(self, data_type: &DataType) -> Result<Self> {
        match self.data_type == *data_type {
            true => Ok(self),
            false => cast::cast(self, data_type, false),
        }
    }
}

/// The row that an expression's ordinals mean.
pub struct Row<'a> {
    pub context: &'a PlanContext<'a>,
    pub columns: &'a [Column],
    pub schema: &'a DFSchema,
}

impl Row<'_> {
    pub fn expr(&self, message: &proto::Expr) -> Result<Expr> {
        Ok(self.typed(message)?.expr)
    }

    pub fn exprs(&self, messages: &[proto::Expr]) -> Result<Vec<Expr>> {
        messages.iter().map(|m| self.expr(m)).collect()
    }

    pub fn typed_all(&self, messages: &[proto::Expr]) -> Result<Vec<Typed>> {
        messages.iter().map(|m| self.typed(m)).collect()
    }

    pub fn typed(&self, message: &proto::Expr) -> Result<Typed> {
        use proto::expr::Kind;
        let kind = message.kind.as_ref().ok_or_else(|| missing("Expr.kind"))?;
        match kind {
            Kind::Column(ordinal) => self.column(*ordinal),
            Kind::Literal(l) => Ok(typed_literal(literal::scalar(l)?)),
            Kind::Call(c) => call::build(self, c),
            Kind::Cast(c) => {
                let input = self.required(c.input.as_deref(), "Cast.input")?;
                let to = types::required(&c.r#type, "Cast.type")?;
                cast::cast(input, &to, c.r#try)
            }
            Kind::Case(c) => self.case(c),
            Kind::InList(list) => self.in_list(list),
            Kind::Parameter(p) => self.parameter(p),
            Kind::FieldAccess(access) => self.field_access(access),
            Kind::Lambda(_) => Err(errors::failure(
                errors::NOT_SUPPORTED,
                "a lambda outside of a function that takes one",
            )),
        }
    }

    pub fn required(&self, message: Option<&proto::Expr>, what: &str) -> Result<Typed> {
        self.typed(message.ok_or_else(|| missing(what))?)
    }

    pub fn sort_keys(&self, keys: &[proto::SortKey]) -> Result<Vec<SortExpr>> {
        keys.iter()
            .map(|key| {
                let key_value = self.required(key.expr.as_ref(), "SortKey.expr")?;
                let expr = order::sortable(key_value);
                Ok(SortExpr::new(expr, !key.descending, key.nulls_first))
            })
            .collect()
    }

    fn column(&self, ordinal: u32) -> Result<Typed> {
        let column = self.columns.get(ordinal as usize).ok_or_else(|| {
            let count = self.columns.len();
            errors::internal(format!("plan: column {ordinal} of a row of {count}"))
        })?;
        let (_, field) = self.schema.qualified_field_from_column(column)?;
        Ok(Typed::new(
            Expr::Column(column.clone()),
            field.data_type().clone(),
        ))
    }

    fn case(&self, message: &proto::Case) -> Result<Typed> {
        let data_type = types::required(&message.r#type, "Case.type")?;
        let mut whens = Vec::with_capacity(message.whens.len());
        for when in &message.whens {
            let condition = self.required(when.condition.as_ref(), "When.condition")?;
            let result = self.required(when.result.as_ref(), "When.result")?;
            let result = result.cast_to(&data_type)?;
            whens.push((Box::new(condition.expr), Box::new(result.expr)));
        }
        let otherwise = match &message.otherwise {
            Some(otherwise) => self.typed(otherwise)?.cast_to(&data_type)?.expr,
            None => lit(ScalarValue::try_from(&data_type)?),
        };
        if whens.is_empty() {
            return Ok(Typed::new(otherwise, data_type));
        }
        let case = Case::new(None, whens, Some(Box::new(otherwise)));
        Ok(Typed::new(Expr::Case(case), data_type))
    }

    fn in_list(&self, message: &proto::InList) -> Result<Typed> {
        let input = self.required(message.input.as_deref(), "InList.input")?;
        let values = self.typed_all(&message.values)?;
        let values = values
            .into_iter()
            .map(|value| Ok(value.cast_to(&input.data_type)?.expr))
            .collect::<Result<Vec<_>>>()?;
        let list = InList::new(Box::new(input.expr), values, message.negated);
        Ok(Typed::new(Expr::InList(list), DataType::Boolean))
    }

    fn parameter(&self, message: &proto::Parameter) -> Result<Typed> {
        let data_type = types::required(&message.r#type, "Parameter.type")?;
        let given = &self.context.request.parameters;
        let value = given.get(message.index as usize).ok_or_else(|| {
            let text = format!(
                "parameter {} has no value; {} were given",
                message.index + 1,
                given.len()
            );
            errors::failure(errors::WRONG_PARAMETERS, text)
        })?;
        let value = literal::scalar(value)?;
        let value = match value.data_type() == data_type {
            true => value,
            false => value.cast_to(&data_type)?,
        };
        Ok(typed_literal(value))
    }

    fn field_access(&self, message: &proto::FieldAccess) -> Result<Typed> {
        let input = self.required(message.input.as_deref(), "FieldAccess.input")?;
        let DataType::Struct(fields) = &input.data_type else {
            return Err(errors::internal(format!(
                "plan: field of a {}",
                input.data_type
            )));
        };
        let field: &FieldRef = fields.get(message.ordinal as usize).ok_or_else(|| {
            errors::internal(format!(
                "plan: field {} of {}",
                message.ordinal,
                fields.len()
            ))
        })?;
        let same_name = fields.iter().filter(|f| f.name() == field.name()).count();
        if same_name > 1 {
            let text = format!("a struct with two fields called \"{}\"", field.name());
            return Err(errors::failure(errors::NOT_SUPPORTED, text));
        }
        let data_type = field.data_type().clone();
        let get = datafusion::functions::core::get_field();
        let expr = get.call(vec![input.expr, lit(field.name().clone())]);
        Ok(Typed::new(expr, data_type))
    }

    /// Gives a function call its declared type, whatever type DataFusion derives for it.
    pub fn declare(&self, expr: Expr, data_type: &DataType) -> Result<Typed> {
        let derived = expr.get_type(self.schema)?;
        Typed::new(expr, derived).cast_to(data_type)
    }
}

pub fn typed_literal(value: ScalarValue) -> Typed {
    let data_type = value.data_type();
    Typed::new(Expr::Literal(value, None), data_type)
}
